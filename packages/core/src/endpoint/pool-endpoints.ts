import type { Clock } from '../clock.ts'
import type { InFlight } from '../route/in-flight.ts'
import type { Identity } from './endpoint.ts'
import { type EndpointSet, isSameAddress } from './endpoint-set.ts'
import { type EndpointState, newEndpointState } from './endpoint-state.ts'
import { PoolSnapshot } from './pool-snapshot.ts'
import type { SlowStart } from './slow-start.ts'

/** What {@link PoolEndpoints} needs besides discovery's snapshots. */
export interface PoolEndpointsHost {
  readonly clock: Clock
  readonly inFlight: InFlight
  readonly slowStart: SlowStart | undefined
  /** Told of each snapshot that the pool routes by, within the call that made it. */
  readonly changed: (snapshot: PoolSnapshot) => void
  /** Told of an endpoint that is gone, before its state is forgotten. */
  readonly gone: (state: EndpointState) => void
}

/**
 * The endpoints of a pool: discovery's newest snapshot, the state of each endpoint, and the snapshot for the request path
 * that follows from both. State changes may come in bursts (a hundred checks that fail at once), so the snapshot is made
 * again when it is next read, or at the end of the turn, and not for each of them.
 */
export class PoolEndpoints {
  /** Discovery's newest snapshot: what every replica knows alike. */
  discovered: EndpointSet | undefined = undefined
  readonly #host: PoolEndpointsHost
  readonly #states = new Map<Identity, EndpointState>()
  #current: PoolSnapshot | undefined
  #isStale = false
  #cancelStep: (() => void) | undefined
  #isClosed = false

  constructor(host: PoolEndpointsHost) {
    this.#host = host
  }

  /** The snapshot to route by; undefined until discovery has its first. */
  get current(): PoolSnapshot | undefined {
    if (this.#isStale) this.#remake()
    return this.#current
  }

  state(identity: Identity): EndpointState | undefined {
    return this.discovered?.get(identity) && this.#states.get(identity)
  }

  /**
   * Takes discovery's next snapshot. Endpoints that stay keep their state. One that is back at another address is another
   * process under the same name, and starts without a past, whether its absence was seen or not.
   */
  update(discovered: EndpointSet): void {
    const before = this.discovered
    this.discovered = discovered
    for (const [identity, state] of this.#states) {
      if (isStaying(identity, before, discovered)) continue
      this.#host.gone(state)
      this.#states.delete(identity)
    }
    const { inFlight } = this.#host
    inFlight.keepOnly(discovered)
    for (const { identity } of discovered.endpoints) {
      if (this.#states.has(identity)) continue
      this.#states.set(identity, newEndpointState(identity, inFlight.of(identity)))
    }
    this.#remake()
  }

  /** The state of some endpoint has changed. */
  refresh(): void {
    if (this.#isStale || !this.discovered || this.#isClosed) return
    this.#isStale = true
    queueMicrotask(() => {
      if (this.#isStale) this.#remake()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#isStale = false
    this.#cancelStep?.()
    this.#cancelStep = undefined
  }

  #remake(): void {
    this.#isStale = false
    const { clock, slowStart } = this.#host
    const now = clock.now()
    let isStarting = false
    const shareOf = (state: EndpointState): number => {
      const share = slowStart?.share(state, now) ?? 1
      if (share < 1) isStarting = true
      return share
    }
    const previous = this.#current
    const discovered = this.discovered as EndpointSet
    let snapshot = new PoolSnapshot(discovered, this.#states, shareOf)
    if (slowStart && previous && markStarts(previous, snapshot, now)) {
      snapshot = new PoolSnapshot(discovered, this.#states, shareOf)
    }
    this.#current = snapshot
    if (slowStart && isStarting && !this.#isClosed) this.#stepLater(slowStart)
    this.#host.changed(snapshot)
  }

  #stepLater({ stepMs }: SlowStart): void {
    this.#cancelStep ??= this.#host.clock.after(stepMs, () => {
      this.#cancelStep = undefined
      this.#remake()
    })
  }
}

function isStaying(identity: Identity, before: EndpointSet | undefined, discovered: EndpointSet): boolean {
  const [former, present] = [before?.get(identity), discovered.get(identity)]
  return former !== undefined && present !== undefined && isSameAddress(former, present)
}

/** Notes which endpoints take new keys now and did not before. Those of a pool's first snapshot start with it, at full weight. */
function markStarts(previous: PoolSnapshot, next: PoolSnapshot, now: number): boolean {
  let hasStarts = false
  for (const { endpoint, availability, state } of next.members()) {
    if (availability.state !== 'ready') continue
    const before = previous.find(endpoint.identity)
    if (before?.state === state && before.availability.state !== 'down') continue
    state.startedAt = now
    hasStarts = true
  }
  return hasStarts
}
