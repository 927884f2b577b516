import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { ConsistentHash, PickOptions } from '../hash/consistent-hash.ts'
import type { Member } from '../hash/member.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { random } from './random.ts'

type Chosen = Required<Member>

/** Places keys by a consistent hash, and requests without a key at random by weight. */
export class HashPlacement implements Balancer {
  readonly name: string
  readonly #make: (members: readonly Member[]) => ConsistentHash
  readonly #unbounded: PickOptions<Chosen>
  readonly #bounded: (PickOptions<Chosen> & { total: number }) | undefined
  readonly #keyless = random()
  #set: EndpointSet | undefined
  #hash: ConsistentHash | undefined
  /** What the pick under way goes by; read by the functions below, which are made once. */
  #context: PickContext | undefined

  /** `bound`: how much more than its share of the requests under way an endpoint may have; undefined = any number. */
  constructor(name: string, make: (members: readonly Member[]) => ConsistentHash, bound?: number) {
    this.name = name
    this.#make = make
    const skip = ({ identity }: Chosen) => {
      const endpoint = this.#set?.get(identity)
      return endpoint === undefined || this.#context?.skips(endpoint) !== false
    }
    const load = ({ identity }: Chosen) => {
      const endpoint = this.#set?.get(identity)
      return endpoint ? (this.#context?.inFlight(endpoint) ?? 0) : 0
    }
    this.#unbounded = { skip }
    this.#bounded = bound === undefined ? undefined : { skip, load, bound, total: 0 }
  }

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    const { key } = context
    if (key === undefined) return this.#keyless.pick(set, context)
    const hash = set === this.#set ? (this.#hash as ConsistentHash) : this.#follow(set)
    if (!this.#bounded) {
      const first = hash.pick(key)
      const endpoint = first && set.get(first.identity)
      if (!endpoint || !context.skips(endpoint)) return endpoint
    }
    return this.#pickAmong(hash, key, set, context)
  }

  #pickAmong(
    hash: ConsistentHash,
    key: string,
    set: EndpointSet,
    context: PickContext,
  ): Endpoint | undefined {
    this.#context = context
    let chosen: Chosen | undefined
    if (this.#bounded) {
      this.#bounded.total = context.totalInFlight()
      chosen = hash.pick(key, this.#bounded)
    }
    // Where those that are not skipped all have more than their share, the bound is no reason to refuse.
    chosen ??= hash.pick(key, this.#unbounded)
    this.#context = undefined
    return chosen && set.get(chosen.identity)
  }

  #follow(set: EndpointSet): ConsistentHash {
    const { placeable, weights } = set
    const members = placeable.map(({ identity }, index) => ({ identity, weight: weights[index] as number }))
    const hash = this.#hash ? this.#hash.with(members) : this.#make(members)
    this.#hash = hash
    this.#set = set
    return hash
  }
}
