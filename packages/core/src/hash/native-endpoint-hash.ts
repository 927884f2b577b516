import { type Clock, systemClock } from '../clock.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { PickOptions } from './consistent-hash.ts'
import type { EndpointHash, EndpointLimits, EndpointMapping } from './endpoint-hash.ts'
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
  readonly #present: PickOptions<Chosen>
  readonly #limited: LimitedPick
  #isPicking = false

  constructor(following: FollowingHash, endpoints: readonly Endpoint[]) {
    this.following = following
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.identity, endpoint]))
    this.#present = { skip: ({ identity }) => !this.#endpoints.has(identity) }
    this.#limited = new LimitedPick(this.#endpoints)
  }

  pick(key: string): Endpoint | undefined {
    const member = this.following.serving.pick(key)
    const endpoint = member && this.#endpoints.get(member.identity)
    return endpoint ?? (this.following.isBehind ? this.#pickAmong(key, this.#present) : undefined)
  }

  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined {
    // Limits may themselves ask this mapping.
    if (this.#isPicking) return this.#pickAmong(key, new LimitedPick(this.#endpoints).within(limits))
    this.#isPicking = true
    try {
      return this.#pickAmong(key, this.#limited.within(limits))
    } finally {
      this.#isPicking = false
      this.#limited.forget()
    }
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
}

/** Limits on endpoints as limits on members; made once for many picks. */
class LimitedPick {
  readonly #unbounded: PickOptions<Chosen>
  readonly #bounded: PickOptions<Chosen> & { total: number; bound: number }
  #limits: EndpointLimits | undefined

  constructor(endpoints: ReadonlyMap<Identity, Endpoint>) {
    const skip = ({ identity }: Chosen) => {
      const endpoint = endpoints.get(identity)
      return endpoint === undefined || this.#limits?.skips(endpoint) === true
    }
    const load = ({ identity }: Chosen) => {
      const endpoint = endpoints.get(identity)
      return endpoint === undefined ? 0 : (this.#limits?.load?.inFlight(endpoint) ?? 0)
    }
    this.#unbounded = { skip }
    this.#bounded = { skip, load, total: 0, bound: 1 }
  }

  /** Good until it is called again. */
  within(limits: EndpointLimits): PickOptions<Chosen> {
    this.#limits = limits
    if (!limits.load) return this.#unbounded
    this.#bounded.total = limits.load.totalInFlight()
    this.#bounded.bound = limits.load.bound
    return this.#bounded
  }

  /** What limits know of a request must not outlive it. */
  forget(): void {
    this.#limits = undefined
  }
}
