import type { Endpoint } from '../endpoint/endpoint.ts'
import type { PoolEndpoints } from '../endpoint/pool-endpoints.ts'
import type { Member } from '../endpoint/pool-snapshot.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { ring } from './ring.ts'

/** A request to be placed. */
export interface PlacedRequest extends PickContext {
  /** Leaves out more endpoints than those where the request has failed; set during one pick. */
  skipsAlso: ((endpoint: Endpoint) => boolean) | undefined
}

/** Chooses among the endpoints of a pool, within its cap of bound keys. */
export class Placement {
  readonly #endpoints: PoolEndpoints
  readonly #balancer: Balancer
  readonly #mostBound: number
  readonly #byHash: Balancer = ring()
  /** Another, since a balancer keeps what it has built for one set at a time. */
  readonly #byHashHere: Balancer = ring()

  /** `mostBound`: keys that one endpoint may hold; `Infinity` = any number. */
  constructor(endpoints: PoolEndpoints, balancer: Balancer, mostBound: number) {
    this.#endpoints = endpoints
    this.#balancer = balancer
    this.#mostBound = mostBound
  }

  /** The balancer's choice. */
  pick(request: PlacedRequest): Member | undefined {
    const snapshot = this.#endpoints.current
    const endpoint = snapshot && this.#balancer.pick(snapshot, request)
    // A balancer that disregards what it must skip would have one request fail at the same endpoint for ever.
    return endpoint && !request.skips(endpoint) ? snapshot.find(endpoint.identity) : undefined
  }

  /** The balancer's choice among the endpoints that may hold one more key. */
  pickBelowCap(request: PlacedRequest): Member | undefined {
    request.skipsAlso = (endpoint) => this.isFull(endpoint, request)
    const member = this.pick(request)
    request.skipsAlso = undefined
    return member
  }

  /**
   * By consistent hash over what every replica knows alike, leaving out what looks unusable from here: so replicas agree
   * where no binding makes them, and one request of a key follows the other. Where that leaves nobody, over those that take
   * new keys from here: the operator may have given a weight to one that has none by discovery.
   */
  pickByHash(request: PlacedRequest): Member | undefined {
    const { discovered, current } = this.#endpoints
    request.skipsAlso = this.#takesNoNewKeys
    const endpoint = discovered && this.#byHash.pick(discovered, request)
    request.skipsAlso = undefined
    const chosen = endpoint ?? (current && this.#byHashHere.pick(current, request))
    return chosen && current?.find(chosen.identity)
  }

  /** True if the endpoint holds as many keys as it may. */
  isFull(endpoint: Endpoint, request: PickContext): boolean {
    return this.#mostBound !== Number.POSITIVE_INFINITY && request.bound(endpoint) >= this.#mostBound
  }

  readonly #takesNoNewKeys = ({ identity }: Endpoint): boolean =>
    this.#endpoints.current?.find(identity)?.isPlaceable !== true
}
