import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { EndpointHash, EndpointLimits, EndpointMapping } from '../hash/endpoint-hash.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { random } from './random.ts'

/** Places keys by a hash of the endpoints, and requests without a key at random by weight. */
export class HashPlacement implements Balancer {
  readonly name: string
  readonly hash: EndpointHash
  readonly #bound: number | undefined
  readonly #keyless = random()
  readonly #limits: EndpointLimits
  readonly #boundedLimits: EndpointLimits
  #set: EndpointSet | undefined
  #mapping: EndpointMapping | undefined
  /** What the pick under way goes by; read by the limits, which are made once. */
  #context: PickContext | undefined

  /** `bound`: how much more than its share of the requests under way an endpoint may have; undefined = any number. */
  constructor(hash: EndpointHash, bound?: number) {
    this.name = hash.name
    this.hash = hash
    this.#bound = bound
    const skips = (endpoint: Endpoint) => this.#context?.skips(endpoint) !== false
    this.#limits = { skips }
    this.#boundedLimits = {
      skips,
      load: {
        inFlight: (endpoint) => this.#context?.inFlight(endpoint) ?? 0,
        totalInFlight: () => this.#context?.totalInFlight() ?? 0,
        bound: bound ?? 1,
      },
    }
  }

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    const { key } = context
    if (key === undefined) return this.#keyless.pick(set, context)
    const mapping = set === this.#set ? (this.#mapping as EndpointMapping) : this.#follow(set)
    const first = mapping.pick(key)
    const isWanted = first !== undefined && !context.skips(first)
    if (isWanted && this.#bound === undefined) return first
    const before = this.#context
    this.#context = context
    try {
      return this.#pickWithin(mapping, key, isWanted ? first : undefined, context)
    } finally {
      this.#context = before
    }
  }

  #pickWithin(
    mapping: EndpointMapping,
    key: string,
    wanted: Endpoint | undefined,
    context: PickContext,
  ): Endpoint | undefined {
    const home = wanted ?? mapping.pickWithin(key, this.#limits)
    const chosen = this.#bound === undefined ? home : mapping.pickWithin(key, this.#boundedLimits)
    // Where those that are not skipped all have more than their share, the bound is no reason to refuse.
    if (chosen === undefined || chosen === home) return home
    context.overflows()
    return chosen
  }

  #follow(set: EndpointSet): EndpointMapping {
    const mapping = this.hash.over(set.placeable, set.weights, this.#mapping)
    this.#mapping = mapping
    this.#set = set
    return mapping
  }
}
