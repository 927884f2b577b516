import { StickyError } from '../error.ts'
import { type Availability, availabilityOf } from './availability.ts'
import type { Endpoint, EndpointInit, Identity } from './endpoint.ts'
import { endpointFrom } from './endpoint-init.ts'

/**
 * An immutable snapshot of a pool's endpoints, replaced whole when something changes. Everything the request path asks
 * is answered from here, at once.
 *
 * @public
 */
export interface EndpointSet {
  /** Every endpoint of the snapshot, in discovery's order. */
  readonly endpoints: readonly Endpoint[]
  /** Those that may take a new key: availability `ready` and a weight above 0. */
  readonly placeable: readonly Endpoint[]
  /**
   * For each of `placeable`, its weight in placement, above 0: the endpoint's own, or the operator's, lowered while it
   * starts slowly. Balancers read it here.
   */
  readonly weights: readonly number[]
  /** The weight of an endpoint of this set as `weights` has it, also of one that takes no new keys; undefined for one that is not in it. */
  weightOf(identity: Identity): number | undefined
  /** The endpoint with this identity; undefined = gone. */
  get(identity: Identity): Endpoint | undefined
  /** The availability of an endpoint of this set; undefined for one that is not in it. */
  availability(identity: Identity): Availability | undefined
}

/**
 * Makes a snapshot of what discovery says. Endpoints that `previous` has just so are taken over as the same objects.
 *
 * @throws StickyError `invalid-endpoint`, naming the endpoint by its index, and `duplicate-identity`
 * @public
 */
export function endpointSet(
  endpoints: readonly (string | URL | EndpointInit)[],
  previous?: EndpointSet,
): EndpointSet {
  return new DiscoveredSet(
    endpoints.map((init, index) => {
      const endpoint = endpointFrom(`endpoints[${index}]`, init)
      const survivor = previous?.get(endpoint.identity)
      return survivor && isSameEndpoint(survivor, endpoint) ? survivor : endpoint
    }),
  )
}

/** A snapshot of endpoints that were checked when they were made. @throws StickyError `duplicate-identity` */
export function setOfEndpoints(endpoints: Endpoint[]): EndpointSet {
  return new DiscoveredSet(endpoints)
}

/**
 * True if both snapshots hold the same endpoints, in whatever order: replacing one by the other would change nothing.
 *
 * @public
 */
export function isSameSet(one: EndpointSet, other: EndpointSet): boolean {
  if (one.endpoints.length !== other.endpoints.length) return false
  return one.endpoints.every((endpoint) => {
    const counterpart = other.get(endpoint.identity)
    return counterpart !== undefined && isSameEndpoint(endpoint, counterpart)
  })
}

/** True if a connection to either reaches the same process. */
export function isSameAddress(one: Endpoint, other: Endpoint): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    one.socketPath === other.socketPath &&
    one.protocol === other.protocol &&
    one.httpVersion === other.httpVersion
  )
}

/** True if discovery says the same of both. */
export function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  if (one === other) return true
  return (
    one.identity === other.identity &&
    isSameAddress(one, other) &&
    one.weight === other.weight &&
    one.zone === other.zone &&
    one.conditions.ready === other.conditions.ready &&
    one.conditions.serving === other.conditions.serving &&
    one.conditions.terminating === other.conditions.terminating
  )
}

class DiscoveredSet implements EndpointSet {
  readonly endpoints: readonly Endpoint[]
  readonly placeable: readonly Endpoint[]
  readonly weights: readonly number[]
  readonly #byIdentity = new Map<Identity, Endpoint>()

  constructor(endpoints: Endpoint[]) {
    for (const endpoint of endpoints) {
      if (this.#byIdentity.has(endpoint.identity)) {
        const first = endpoints.findIndex(({ identity }) => identity === endpoint.identity)
        const second = endpoints.indexOf(endpoint, first + 1)
        throw new StickyError(
          'duplicate-identity',
          `endpoints[${first}] and endpoints[${second}] have the same identity "${endpoint.identity}": give each a name of its own`,
        )
      }
      this.#byIdentity.set(endpoint.identity, endpoint)
    }
    this.endpoints = Object.freeze(endpoints)
    this.placeable = Object.freeze(
      endpoints.filter(
        ({ conditions, weight }) => weight > 0 && availabilityOf(conditions).state === 'ready',
      ),
    )
    this.weights = Object.freeze(this.placeable.map(({ weight }) => weight))
  }

  weightOf(identity: Identity): number | undefined {
    return this.#byIdentity.get(identity)?.weight
  }

  get(identity: Identity): Endpoint | undefined {
    return this.#byIdentity.get(identity)
  }

  availability(identity: Identity): Availability | undefined {
    const endpoint = this.#byIdentity.get(identity)
    return endpoint && availabilityOf(endpoint.conditions)
  }
}
