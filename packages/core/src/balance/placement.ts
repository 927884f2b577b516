import type { Endpoint } from '../endpoint/endpoint.ts'
import type { PoolEndpoints } from '../endpoint/pool-endpoints.ts'
import type { Member } from '../endpoint/pool-snapshot.ts'
import type { EndpointHash, EndpointLimits } from '../hash/endpoint-hash.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { HashPlacement } from './hash-placement.ts'
import { ring } from './ring.ts'

/** A request to be placed. */
export interface PlacedRequest extends PickContext {
  /** Leaves out more endpoints than those where the request has failed; set during one pick. */
  skipsAlso: ((endpoint: Endpoint) => boolean) | undefined
}

/** Bindings that are computed and not stored: the endpoints of a key are chosen by what computes them. */
export interface ComputedPlacement {
  readonly bound: number | undefined
  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined
}

/** Chooses among the endpoints of a pool, within its cap of bound keys. */
export class Placement {
  readonly #endpoints: PoolEndpoints
  readonly #balancer: Balancer
  readonly #mostBound: number
  readonly #computed: ComputedPlacement | undefined
  readonly #byHash: Balancer
  /** Another, since a balancer keeps what it has built for one set at a time. */
  readonly #byHashHere: Balancer

  /** `mostBound`: keys that one endpoint may hold; `Infinity` = any number. */
  constructor(endpoints: PoolEndpoints, balancer: Balancer, mostBound: number, computed?: ComputedPlacement) {
    this.#endpoints = endpoints
    this.#balancer = balancer
    this.#mostBound = mostBound
    this.#computed = computed
    this.#byHash = byHashOf(balancer.hash)
    this.#byHashHere = byHashOf(balancer.hash)
  }

  /** The balancer's choice. */
  pick(request: PlacedRequest): Member | undefined {
    const snapshot = this.#endpoints.current
    const endpoint = snapshot && this.#balancer.pick(snapshot, request)
    // A balancer that disregards what it must skip would have one request fail at the same endpoint for ever.
    return endpoint && !request.skips(endpoint) ? snapshot.find(endpoint.identity) : undefined
  }

  /** Where a request goes whose key is bound to nobody: where bindings are computed, only where they may be. */
  pickUnbound(request: PlacedRequest): Member | undefined {
    return this.#computed && request.key !== undefined ? this.pickByHash(request) : this.pick(request)
  }

  /** The balancer's choice among the endpoints that may hold one more key. */
  pickBelowCap(request: PlacedRequest): Member | undefined {
    request.skipsAlso = (endpoint) => this.isFull(endpoint, request)
    try {
      return this.pick(request)
    } finally {
      request.skipsAlso = undefined
    }
  }

  /**
   * By consistent hash over what every replica knows alike, leaving out what looks unusable from here: so replicas agree
   * where no binding makes them, and one request of a key follows the other. Where that leaves nobody, over those that take
   * new keys from here: the operator may have given a weight to one that has none by discovery. Where bindings are computed, by what
   * computes them.
   */
  pickByHash(request: PlacedRequest): Member | undefined {
    const { discovered, current } = this.#endpoints
    if (this.#computed && request.key !== undefined) {
      const other = this.#computed.pickWithin(request.key, request)
      return other && current?.find(other.identity)
    }
    request.skipsAlso = this.#takesNoNewKeys
    const endpoint = discovered && this.#byHash.pick(discovered, request)
    request.skipsAlso = undefined
    const chosen = endpoint ?? (current && this.#byHashHere.pick(current, request))
    return chosen && current?.find(chosen.identity)
  }

  /**
   * Where a request goes whose endpoint, `home`, has more than its share of the requests under way; undefined if it has not,
   * if everybody has, or if there is no bound. Only for bindings that are computed: a stored one stands.
   */
  pickWithinBound(request: PlacedRequest, home: Member): Member | undefined {
    const { bound } = this.#computed ?? {}
    if (bound === undefined) return undefined
    const load = {
      bound,
      inFlight: (endpoint: Endpoint) => request.inFlight(endpoint),
      totalInFlight: () => request.totalInFlight(),
    }
    const skips = (endpoint: Endpoint) => request.skips(endpoint)
    const other = this.#computed?.pickWithin(request.key as string, { skips, load })
    if (other === undefined || other.identity === home.endpoint.identity) return undefined
    return this.#endpoints.current?.find(other.identity)
  }

  /** True if the endpoint holds as many keys as it may. */
  isFull(endpoint: Endpoint, request: PickContext): boolean {
    return this.#mostBound !== Number.POSITIVE_INFINITY && request.bound(endpoint) >= this.#mostBound
  }

  readonly #takesNoNewKeys = ({ identity }: Endpoint): boolean =>
    this.#endpoints.current?.find(identity)?.isPlaceable !== true
}

function byHashOf(hash: EndpointHash | undefined): Balancer {
  return hash ? new HashPlacement(hash) : ring()
}
