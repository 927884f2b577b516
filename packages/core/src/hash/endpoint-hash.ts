import type { Endpoint } from '../endpoint/endpoint.ts'

/** What a choice among endpoints leaves out. @public */
export interface EndpointLimits {
  /** True for an endpoint that must not be chosen. */
  skips(endpoint: Endpoint): boolean
  /** A bound on the requests under way; absent = any number. A mapping that has no notion of load disregards it. */
  readonly load?: EndpointLoad | undefined
}

/** Requests under way here, and how uneven they may be. @public */
export interface EndpointLoad {
  /** Requests at one endpoint. */
  inFlight(endpoint: Endpoint): number
  /** Requests at all endpoints. */
  totalInFlight(): number
  /** How much more than its share an endpoint may have, from 1. */
  readonly bound: number
}

/** Key → endpoint, over one set of endpoints: immutable, the same in every replica. @public */
export interface EndpointMapping {
  /** The endpoint of a key; undefined if there is none. `key`: latin1 text of the wire's bytes. Allocates nothing where it can. */
  pick(key: string): Endpoint | undefined
  /** The endpoint of a key within limits; undefined if none is left. The limits are asked during the call only. */
  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined
}

/**
 * A way to map keys to endpoints by computing alone: what a placement by hash and a table without storage have in common. The
 * proxies' mappings are such, and so are the three of `consistentHash()`.
 *
 * @public
 */
export interface EndpointHash {
  /** Stands in `explain()`: `ring`, `nginx hash consistent` … */
  readonly name: string
  /**
   * The mapping over these endpoints, with their weights, all above 0. `previous` is the mapping that this hash made before,
   * from which it may take over what stays; it is not asked any more then. Called once for each set, not for each request.
   */
  over(
    endpoints: readonly Endpoint[],
    weights: readonly number[],
    previous: EndpointMapping | undefined,
  ): EndpointMapping
}
