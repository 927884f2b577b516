import type { Availability } from '../endpoint/availability.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { EndpointHash } from '../hash/endpoint-hash.ts'
import { functionOption, integerOption, invalidOption, optionsObject } from '../option.ts'
import type { Balancer, PickContext } from './balancer.ts'

/** Options of {@link preferZone}. @public */
export interface PreferZoneOptions {
  /** Endpoints of the zone that must be there to take its load, 1 to 100 000; with fewer, all zones are used. Default 1. */
  readonly leastEndpoints?: number
}

/**
 * Places in one zone, the gateway's own, as another balancer would, and in all zones where that zone has nobody left.
 * Bound keys are not touched: a key stays on its pod whichever zone asks. Replicas of different zones place a new key
 * differently; the first of them to bind it decides.
 *
 * @param zone - as endpoints name it in `zone`
 * @param placement - makes the balancer: `rendezvous`, `leastBound` …
 * @throws StickyError `invalid-option`
 * @public
 */
export function preferZone(
  zone: string,
  placement: () => Balancer,
  options: PreferZoneOptions = {},
): Balancer {
  if (typeof zone !== 'string' || zone === '')
    throw invalidOption('preferZone.zone', 'the name of a zone', zone)
  functionOption('preferZone.placement', placement)
  optionsObject('preferZone', options, ['leastEndpoints'])
  const { leastEndpoints = 1 } = options
  integerOption('preferZone.leastEndpoints', leastEndpoints, 1, 100_000)
  return new ZonePreference(zone, placement, leastEndpoints)
}

class ZonePreference implements Balancer {
  readonly name: string
  readonly hash: EndpointHash | undefined
  readonly #zone: string
  readonly #leastEndpoints: number
  /** Two, since a balancer keeps what it has built for one set at a time. */
  readonly #near: Balancer
  readonly #everywhere: Balancer
  #set: EndpointSet | undefined
  #nearSet: EndpointSet | undefined

  constructor(zone: string, placement: () => Balancer, leastEndpoints: number) {
    this.#zone = zone
    this.#leastEndpoints = leastEndpoints
    this.#near = placement()
    this.#everywhere = placement()
    this.name = `${this.#near.name} in ${zone}`
    this.hash = this.#everywhere.hash
  }

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    if (set !== this.#set) this.#prepare(set)
    const near = this.#nearSet && this.#near.pick(this.#nearSet, context)
    return near ?? this.#everywhere.pick(set, context)
  }

  #prepare(set: EndpointSet): void {
    this.#set = set
    const near = new ZoneSet(set, this.#zone)
    this.#nearSet = near.placeable.length >= this.#leastEndpoints ? near : undefined
  }
}

/** A snapshot in which only the endpoints of one zone take new keys. */
class ZoneSet implements EndpointSet {
  readonly endpoints: readonly Endpoint[]
  readonly placeable: readonly Endpoint[]
  readonly weights: readonly number[]
  readonly #set: EndpointSet

  constructor(set: EndpointSet, zone: string) {
    this.#set = set
    this.endpoints = set.endpoints
    this.placeable = set.placeable.filter((endpoint) => endpoint.zone === zone)
    this.weights = set.weights.filter((_, index) => set.placeable[index]?.zone === zone)
  }

  weightOf(identity: Identity): number | undefined {
    return this.#set.weightOf(identity)
  }

  get(identity: Identity): Endpoint | undefined {
    return this.#set.get(identity)
  }

  availability(identity: Identity): Availability | undefined {
    return this.#set.availability(identity)
  }
}
