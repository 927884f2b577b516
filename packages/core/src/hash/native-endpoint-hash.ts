import { type Clock, systemClock } from '../clock.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { PickOptions } from './consistent-hash.ts'
import type { EndpointHash, EndpointLimits, EndpointLoad, EndpointMapping } from './endpoint-hash.ts'
import { FollowingHash } from './following-hash.ts'
import type { Member } from './member.ts'
import type { SlicedHash } from './sliced-hash.ts'

type Chosen = Required<Member>

/**
 * A `consistentHash()` of endpoints by their identities. `empty`: the hash of no members, with the options wanted. `clock`: paces
 * what is built in slices.
 */
export function nativeEndpointHash(empty: SlicedHash, clock: Clock = systemClock): EndpointHash {
  return {
    name: empty.algorithm,
    over: (endpoints, weights, previous) => {
      const following =
        previous instanceof NativeMapping ? previous.following : new FollowingHash(empty, clock)
      following.follow(
        endpoints.map(({ identity }, index) => ({ identity, weight: weights[index] as number })),
      )
      return new NativeMapping(following, endpoints)
    },
  }
}

/** While the hash of before serves, its members that are not among these endpoints are left out. */
class NativeMapping implements EndpointMapping {
  readonly following: FollowingHash
  readonly #endpoints: ReadonlyMap<Identity, Endpoint>
  readonly #unbounded: PickOptions<Chosen>
  readonly #bounded: PickOptions<Chosen> & { total: number; bound: number }
  /** What the pick under way goes by; read by the functions above, which are made once. */
  #limits: EndpointLimits | undefined

  constructor(following: FollowingHash, endpoints: readonly Endpoint[]) {
    this.following = following
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.identity, endpoint]))
    const skip = ({ identity }: Chosen) => {
      const endpoint = this.#endpoints.get(identity)
      return endpoint === undefined || this.#limits?.skips(endpoint) === true
    }
    const load = ({ identity }: Chosen) => {
      const endpoint = this.#endpoints.get(identity)
      return endpoint === undefined ? 0 : (this.#limits?.load?.inFlight(endpoint) ?? 0)
    }
    this.#unbounded = { skip }
    this.#bounded = { skip, load, total: 0, bound: 1 }
  }

  pick(key: string): Endpoint | undefined {
    const member = this.following.serving.pick(key)
    const endpoint = member && this.#endpoints.get(member.identity)
    return endpoint ?? (this.following.isBehind ? this.#pickAmong(key, this.#unbounded) : undefined)
  }

  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined {
    this.#limits = limits
    const endpoint = this.#pickAmong(key, limits.load ? this.#loadOf(limits.load) : this.#unbounded)
    this.#limits = undefined
    return endpoint
  }

  #pickAmong(key: string, options: PickOptions<Chosen>): Endpoint | undefined {
    const { following } = this
    let member = following.serving.pick(key, options)
    // A bound on load may well leave nobody; without one there may be an endpoint that the hash of before does not know.
    if (member === undefined && following.isBehind && options.load === undefined) {
      following.catchUp()
      member = following.serving.pick(key, options)
    }
    return member && this.#endpoints.get(member.identity)
  }

  #loadOf(load: EndpointLoad): PickOptions<Chosen> {
    this.#bounded.total = load.totalInFlight()
    this.#bounded.bound = load.bound
    return this.#bounded
  }
}
