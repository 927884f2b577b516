import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { EndpointHash } from '../hash/endpoint-hash.ts'

/**
 * Chooses the endpoint of an unbound key or a request without a key. One balancer serves one pool.
 *
 * @public
 */
export interface Balancer {
  /** Stands in `explain()`: `random`, `rendezvous` … */
  readonly name: string
  /**
   * The hash that it places keys by, if it does: while the table fails, keys without a known binding are placed by it, without
   * anything that replicas may see differently. Default: that of `ring()`.
   */
  readonly hash?: EndpointHash | undefined
  /**
   * An endpoint of `set.placeable`, with a chance after its weight in `set.weights`, that the context does not skip, or undefined if there is none. Called on the request
   * path: answers at once and allocates nothing. State that depends on the set is built once per snapshot; state of an
   * endpoint (a rotation, a weight) outlives a snapshot under its identity.
   */
  pick(set: EndpointSet, context: PickContext): Endpoint | undefined
}

/**
 * What a balancer may know of the request. Valid during the call only.
 *
 * @public
 */
export interface PickContext {
  /** The key to place; undefined for a request without one. */
  readonly key: string | undefined
  /** True if this endpoint must not be chosen: this request already failed there, or it holds as many keys as it may. */
  skips(endpoint: Endpoint): boolean
  /** Requests that this replica has under way at the endpoint. */
  inFlight(endpoint: Endpoint): number
  /** Requests that this replica has under way at all endpoints. */
  totalInFlight(): number
  /** Keys bound to the endpoint, as far as the pool's table counts them; 0 where it does not. */
  bound(endpoint: Endpoint): number
  /** Tells that a bound on load sent the key elsewhere than it belongs; the route is then `overflow`. */
  overflows(): void
  /** A number in [0, 1), from the pool's source of randomness. */
  random(): number
}
