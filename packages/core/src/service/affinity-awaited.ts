import type { Clock } from '../clock.ts'
import type { Discovery } from '../discovery/discovery.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { ServiceAffinity } from './service-affinity.ts'

/** Where the affinity of a Service is read. */
export interface AffinitySource {
  /**
   * Tells the affinity as soon as it is known, and each other one. Resolves when `signal` aborts; what it fails with meanwhile is told to
   * `failed`.
   */
  watch(
    told: (affinity: ServiceAffinity) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void>
}

/**
 * How long the first endpoints wait for the affinity: who is not allowed to read the Service, or has none, still serves, without affinity, and is
 * told why.
 */
const LONGEST_WAIT_MS = 3_000

/** What {@link AffinityAwaited} is made of. */
export interface AffinityAwaitedParts {
  readonly endpoints: Discovery
  readonly source: AffinitySource
  readonly clock: Clock
  /** Told of each affinity, before the endpoints that come after it. */
  readonly follow: (affinity: ServiceAffinity) => void
  /** What becomes of each set of a watch. */
  readonly shape: () => (set: EndpointSet) => EndpointSet
}

/** The endpoints of a Service, from when its affinity is known: its first requests must not be placed by another. */
export class AffinityAwaited implements Discovery {
  readonly #parts: AffinityAwaitedParts

  constructor(parts: AffinityAwaitedParts) {
    this.#parts = parts
  }

  async watch(
    listener: (set: EndpointSet) => void,
    signal: AbortSignal,
    failed?: (error: unknown) => void,
  ): Promise<void> {
    if (signal.aborted) return
    const { endpoints, source, clock, follow, shape } = this.#parts
    const shaped = shape()
    const ended = new AbortController()
    const either = AbortSignal.any([signal, ended.signal])
    let isKnown = false
    let first: EndpointSet | undefined
    let stopWaiting: (() => void) | undefined
    const known = () => {
      if (isKnown) return
      isKnown = true
      stopWaiting?.()
      if (first && !either.aborted) listener(shaped(first))
      first = undefined
    }
    const arrived = (set: EndpointSet) => {
      if (isKnown) return listener(shaped(set))
      if (first === undefined) stopWaiting = clock.after(LONGEST_WAIT_MS, known)
      first = set
    }
    const told = (affinity: ServiceAffinity) => {
      if (either.aborted) return
      follow(affinity)
      known()
    }
    const watches = [
      endpoints.watch(arrived, either, failed),
      source.watch(told, either, (error) => failed?.(error)),
    ]
    try {
      await Promise.all(watches)
    } finally {
      // One that gave up ends the other, too.
      ended.abort()
      stopWaiting?.()
      await Promise.allSettled(watches)
    }
  }
}
