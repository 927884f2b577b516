import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { ConsistentHash, PickOptions } from './consistent-hash.ts'
import type { EndpointHash, EndpointLimits, EndpointLoad, EndpointMapping } from './endpoint-hash.ts'
import type { Member } from './member.ts'

type Chosen = Required<Member>

/** A `consistentHash()` of endpoints by their identities. `empty`: the hash of no members, with the options wanted. */
export function nativeEndpointHash(empty: ConsistentHash): EndpointHash {
  return {
    name: empty.algorithm,
    over: (endpoints, weights, previous) => {
      const members = endpoints.map(({ identity }, index) => ({ identity, weight: weights[index] as number }))
      const before = previous instanceof NativeMapping ? previous.hash : empty
      return new NativeMapping(before.with(members), endpoints)
    },
  }
}

class NativeMapping implements EndpointMapping {
  readonly hash: ConsistentHash
  readonly #endpoints: ReadonlyMap<Identity, Endpoint>
  readonly #unbounded: PickOptions<Chosen>
  readonly #bounded: PickOptions<Chosen> & { total: number; bound: number }
  /** What the pick under way goes by; read by the functions above, which are made once. */
  #limits: EndpointLimits | undefined

  constructor(hash: ConsistentHash, endpoints: readonly Endpoint[]) {
    this.hash = hash
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.identity, endpoint]))
    const skip = (member: Chosen) => this.#limits?.skips(this.#endpointOf(member)) !== false
    const load = (member: Chosen) => this.#limits?.load?.inFlight(this.#endpointOf(member)) ?? 0
    this.#unbounded = { skip }
    this.#bounded = { skip, load, total: 0, bound: 1 }
  }

  pick(key: string): Endpoint | undefined {
    const member = this.hash.pick(key)
    return member && this.#endpointOf(member)
  }

  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined {
    this.#limits = limits
    const member = this.hash.pick(key, limits.load ? this.#loadOf(limits.load) : this.#unbounded)
    this.#limits = undefined
    return member && this.#endpointOf(member)
  }

  #loadOf(load: EndpointLoad): PickOptions<Chosen> {
    this.#bounded.total = load.totalInFlight()
    this.#bounded.bound = load.bound
    return this.#bounded
  }

  #endpointOf({ identity }: Chosen): Endpoint {
    return this.#endpoints.get(identity) as Endpoint
  }
}
