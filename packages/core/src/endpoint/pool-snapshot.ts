import { type Availability, availabilityOf, type Health, isLocalEvidence } from './availability.ts'
import type { Endpoint, Identity } from './endpoint.ts'
import type { EndpointSet } from './endpoint-set.ts'
import { type EndpointState, healthOf } from './endpoint-state.ts'

/** An endpoint within its pool. */
export interface Member {
  readonly endpoint: Endpoint
  readonly availability: Availability
  /** Takes requests of the keys bound to it. */
  readonly isUsable: boolean
  /** Takes new keys. */
  readonly isPlaceable: boolean
  /** In placement: the endpoint's own or the operator's, lowered while it starts slowly. */
  readonly weight: number
  readonly state: EndpointState
}

/**
 * The snapshot that a pool routes by: what discovery says, with health and drain taken in. If health would leave nobody
 * to take a new key, it is disregarded (a panic): an endpoint that may work is better than none, and a check that fails
 * everywhere says more of the checker.
 */
export class PoolSnapshot implements EndpointSet {
  readonly endpoints: readonly Endpoint[]
  readonly placeable: readonly Endpoint[]
  readonly weights: readonly number[]
  /** True while health is disregarded. */
  readonly isPanic: boolean
  /** Endpoints that could serve if all were healthy. */
  readonly servingSize: number
  readonly #members: ReadonlyMap<Identity, Member>

  /** `shareOf`: how much of its weight an endpoint has while it starts slowly, above 0 and at most 1. */
  constructor(
    discovered: EndpointSet,
    states: ReadonlyMap<Identity, EndpointState>,
    shareOf: (state: EndpointState) => number,
  ) {
    const byHealth = new Members(discovered, states, healthIn, shareOf)
    this.isPanic = byHealth.placeable.length === 0 && byHealth.hasUnhealthy
    this.servingSize = byHealth.servingSize
    const members = this.isPanic ? new Members(discovered, states, disregarded, shareOf) : byHealth
    this.endpoints = discovered.endpoints
    this.placeable = Object.freeze(members.placeable)
    this.weights = Object.freeze(members.weights)
    this.#members = members.byIdentity
  }

  weightOf(identity: Identity): number | undefined {
    return this.#members.get(identity)?.weight
  }

  get(identity: Identity): Endpoint | undefined {
    return this.#members.get(identity)?.endpoint
  }

  availability(identity: Identity): Availability | undefined {
    return this.#members.get(identity)?.availability
  }

  find(identity: Identity): Member | undefined {
    return this.#members.get(identity)
  }

  members(): IterableIterator<Member> {
    return this.#members.values()
  }
}

const healthIn = ({ health }: EndpointState): Health => healthOf(health)
const disregarded = (): Health => 'healthy'

class Members {
  readonly byIdentity = new Map<Identity, Member>()
  readonly placeable: Endpoint[] = []
  readonly weights: number[] = []
  hasUnhealthy = false
  servingSize = 0

  constructor(
    { endpoints }: EndpointSet,
    states: ReadonlyMap<Identity, EndpointState>,
    healthFor: (state: EndpointState) => Health,
    shareOf: (state: EndpointState) => number,
  ) {
    for (const endpoint of endpoints) {
      const state = states.get(endpoint.identity) as EndpointState
      const health = healthFor(state)
      const availability = availabilityOf(endpoint.conditions, health, state.drain)
      if (availability.state !== 'down' || isLocalEvidence(availability.cause)) this.servingSize++
      const ownWeight = state.weight ?? endpoint.weight
      const isPlaceable = availability.state === 'ready' && ownWeight > 0
      const isUsable = availability.state !== 'down'
      const weight = isUsable && ownWeight > 0 ? ownWeight * shareOf(state) : ownWeight
      const member = { endpoint, availability, isUsable, isPlaceable, weight, state }
      this.byIdentity.set(endpoint.identity, member)
      if (health !== 'healthy') this.hasUnhealthy = true
      if (!isPlaceable) continue
      this.placeable.push(endpoint)
      this.weights.push(weight)
    }
  }
}
