import type { Identity } from '../../../endpoint/endpoint.ts'
import type { ListedEndpoint } from './listed-endpoint.ts'

/**
 * Endpoints that no slice lists any more, though they were not terminating. A pod that ends is listed as terminating first, so
 * one that vanishes is more often on its way to another slice: when the ports of a Service change, all its slices are
 * written anew, one by one.
 */
export class HeldEndpoints {
  readonly #graceMs: number
  readonly #held = new Map<Identity, { readonly endpoint: ListedEndpoint; readonly until: number }>()

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** When the first of them goes; undefined if there is none. */
  get dueAt(): number | undefined {
    // Each is held equally long, so the map is in the order of their ends.
    for (const { until } of this.#held.values()) return until
    return undefined
  }

  keys(): IterableIterator<Identity> {
    return this.#held.keys()
  }

  /** Holds an endpoint that has vanished, if it is one to be held. */
  hold(endpoint: ListedEndpoint, now: number): void {
    if (this.#graceMs === 0 || endpoint.conditions.terminating) return
    this.#held.set(endpoint.identity, { endpoint, until: now + this.#graceMs })
  }

  /** It is listed again. */
  delete(identity: Identity): void {
    this.#held.delete(identity)
  }

  get(identity: Identity): ListedEndpoint | undefined {
    return this.#held.get(identity)?.endpoint
  }

  *values(): IterableIterator<ListedEndpoint> {
    for (const { endpoint } of this.#held.values()) yield endpoint
  }

  /** Lets those go whose time is over, or whose address somebody else is `taken`; answers who they were. */
  expire(now: number, isTaken: (address: string) => boolean): Identity[] {
    const gone: Identity[] = []
    for (const [identity, { endpoint, until }] of this.#held) {
      if (now >= until || isTaken(endpoint.address)) gone.push(identity)
    }
    for (const identity of gone) this.#held.delete(identity)
    return gone
  }
}
