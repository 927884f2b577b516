import type { Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'

/** Requests of this replica under way at one endpoint. */
export interface RequestCount {
  readonly identity: Identity
  requests: number
}

/** Counts the requests under way at each endpoint. A count outlives the endpoint until its last request has ended. */
export class InFlight {
  readonly #counts = new Map<Identity, RequestCount>()
  #total = 0

  /** The count of an endpoint, for {@link enter} and {@link leave}. */
  of(identity: Identity): RequestCount {
    let count = this.#counts.get(identity)
    if (!count) {
      count = { identity, requests: 0 }
      this.#counts.set(identity, count)
    }
    return count
  }

  /** A request is under way at the endpoint. */
  enter(count: RequestCount): void {
    count.requests++
    this.#total++
  }

  /** It has ended. */
  leave(count: RequestCount): void {
    count.requests--
    this.#total--
  }

  requests(identity: Identity): number {
    return this.#counts.get(identity)?.requests ?? 0
  }

  /** Requests under way at all endpoints together. */
  total(): number {
    return this.#total
  }

  /** Drops the counts of endpoints that are gone and idle: pod names are new after each roll-out. */
  keepOnly(set: EndpointSet): void {
    for (const [identity, count] of this.#counts) {
      if (count.requests === 0 && !set.get(identity)) this.#counts.delete(identity)
    }
  }
}
