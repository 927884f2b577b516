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
  return setOfEndpoints(
    endpoints.map((init, index) => {
      const endpoint = endpointFrom(`endpoints[${index}]`, init)
      const survivor = previous?.get(endpoint.identity)
      return survivor && isSameEndpoint(survivor, endpoint) ? survivor : endpoint
    }),
    previous,
  )
}

/** A snapshot of endpoints that were checked when they were made, after `previous`. @throws StickyError `duplicate-identity` */
export function setOfEndpoints(endpoints: Endpoint[], previous?: EndpointSet): EndpointSet {
  const isSameMembership =
    previous instanceof DiscoveredSet && hasSameIdentities(previous.endpoints, endpoints)
  const positions = isSameMembership ? previous.positions : positionsOf(endpoints)
  const { placeable, weights } = placeableOf(endpoints)
  return new DiscoveredSet(endpoints, placeable, weights, positions)
}

/**
 * `previous` with these endpoints in the place of those it has by the same identities; it has all of them. What does not
 * change is shared with it: one condition of one endpoint among thousands costs little more than copying lists.
 */
export function exchanged(previous: EndpointSet, replacements: readonly Endpoint[]): EndpointSet {
  // Not by `slice`: V8 copies frozen arrays far slower by it.
  const endpoints = [...previous.endpoints]
  if (!(previous instanceof DiscoveredSet)) {
    const by = new Map(replacements.map((endpoint) => [endpoint.identity, endpoint]))
    return setOfEndpoints(endpoints.map((endpoint) => by.get(endpoint.identity) ?? endpoint))
  }
  const placeable = [...previous.placeable]
  let isPlacementSame = replacements.length <= MOST_SEARCHES
  for (const endpoint of replacements) {
    const position = previous.positions.get(endpoint.identity) as number
    const former = endpoints[position] as Endpoint
    endpoints[position] = endpoint
    if (!isPlacementSame) continue
    isPlacementSame = former.weight === endpoint.weight && isPlaceable(former) === isPlaceable(endpoint)
    if (isPlacementSame && isPlaceable(endpoint)) placeable[placeable.indexOf(former)] = endpoint
  }
  if (isPlacementSame) return new DiscoveredSet(endpoints, placeable, previous.weights, previous.positions)
  const next = placeableOf(endpoints)
  return new DiscoveredSet(endpoints, next.placeable, next.weights, previous.positions)
}

/** Searching a list for more endpoints than these costs more than making it anew. */
const MOST_SEARCHES = 16

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
  /** Where each identity stands in `endpoints`. Shared with the snapshot before if nobody came or went, as in most. */
  readonly #positions: ReadonlyMap<Identity, number>

  constructor(
    endpoints: Endpoint[],
    placeable: Endpoint[],
    weights: readonly number[],
    positions: ReadonlyMap<Identity, number>,
  ) {
    this.#positions = positions
    this.endpoints = Object.freeze(endpoints)
    this.placeable = Object.freeze(placeable)
    this.weights = Object.freeze(weights)
  }

  get positions(): ReadonlyMap<Identity, number> {
    return this.#positions
  }

  weightOf(identity: Identity): number | undefined {
    return this.get(identity)?.weight
  }

  get(identity: Identity): Endpoint | undefined {
    const position = this.#positions.get(identity)
    return position === undefined ? undefined : this.endpoints[position]
  }

  availability(identity: Identity): Availability | undefined {
    const endpoint = this.get(identity)
    return endpoint && availabilityOf(endpoint.conditions)
  }
}

function isPlaceable({ conditions, weight }: Endpoint): boolean {
  return weight > 0 && availabilityOf(conditions).state === 'ready'
}

function placeableOf(endpoints: readonly Endpoint[]): { placeable: Endpoint[]; weights: number[] } {
  const placeable: Endpoint[] = []
  const weights: number[] = []
  for (const endpoint of endpoints) {
    if (!isPlaceable(endpoint)) continue
    placeable.push(endpoint)
    weights.push(endpoint.weight)
  }
  return { placeable, weights }
}

function hasSameIdentities(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  if (one.length !== other.length) return false
  return one.every((endpoint, index) => endpoint.identity === other[index]?.identity)
}

function positionsOf(endpoints: readonly Endpoint[]): Map<Identity, number> {
  const positions = new Map<Identity, number>()
  for (const [second, { identity }] of endpoints.entries()) {
    const first = positions.get(identity)
    if (first !== undefined) {
      throw new StickyError(
        'duplicate-identity',
        `endpoints[${first}] and endpoints[${second}] have the same identity "${identity}": give each a name of its own`,
      )
    }
    positions.set(identity, second)
  }
  return positions
}
