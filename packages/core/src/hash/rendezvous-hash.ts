import { isLeftOut } from './bounded-load.ts'
import { candidatesOf, explanationOf } from './candidates.ts'
import type { ConsistentHash, Difference, Explanation, PickOptions } from './consistent-hash.ts'
import { sampledDifference } from './difference.ts'
import { avalanche, KeyLanes } from './key-lanes.ts'
import { checkMembers, type Member, type WeightedMember } from './member.ts'
import { rendezvousDifference } from './rendezvous-difference.ts'
import type { SlicedHash } from './sliced-hash.ts'
import { inTurns, type Steps } from './steps.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const KEY_SEEDS = [0x4c696d70, 0x65744b32] as const
const IDENTITY_SEEDS = [0x6c696d70, 0x65743032] as const
const NONE = {}

/**
 * Weighted rendezvous hashing: the member with the highest score `-weight / ln(u)` takes the key, where `u` in (0, 1) is drawn
 * from the hashes of key and identity (Thaler and Ravishankar 1998; weights: Schindelhauer and Schomaker 2005). Shares are exact and
 * nothing moves that need not; a pick looks at each member.
 */
export class RendezvousHash implements SlicedHash {
  readonly algorithm = 'rendezvous'
  readonly version = 1
  readonly members: readonly WeightedMember[]
  readonly seed: number
  readonly #lanes: KeyLanes
  readonly #first: Uint32Array
  readonly #second: Uint32Array
  readonly #isWeighted: boolean
  readonly #totalWeight: number

  constructor(members: readonly WeightedMember[], seed: number) {
    this.members = members
    this.seed = seed
    this.#lanes = new KeyLanes(KEY_SEEDS[0] ^ seed, KEY_SEEDS[1] ^ seed)
    const identityLanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
    this.#first = new Uint32Array(members.length)
    this.#second = new Uint32Array(members.length)
    for (const [index, { identity }] of members.entries()) {
      identityLanes.readText(identity)
      this.#first[index] = identityLanes.first
      this.#second[index] = identityLanes.second
    }
    this.#isWeighted = members.some(({ weight }) => weight !== members[0]?.weight)
    this.#totalWeight = members.reduce((sum, { weight }) => sum + weight, 0)
  }

  pick(key: string | Uint8Array, options: PickOptions<WeightedMember> = NONE): WeightedMember | undefined {
    this.#read(key)
    const { first, second } = this.#lanes
    let best: WeightedMember | undefined
    let highest = Number.NEGATIVE_INFINITY
    for (let index = 0; index < this.members.length; index++) {
      const member = this.members[index] as WeightedMember
      if (member.weight === 0) continue
      const score = this.#score(index, member.weight, first, second)
      if (score < highest || (score === highest && best && best.identity < member.identity)) continue
      if (options !== NONE && isLeftOut(member, options, this.#totalWeight)) continue
      best = member
      highest = score
    }
    return best
  }

  candidates(key: string | Uint8Array): IterableIterator<WeightedMember> {
    return candidatesOf(this, key)
  }

  with(members: Iterable<Member>): RendezvousHash {
    return new RendezvousHash(checkMembers('with.members', members), this.seed)
  }

  withInSlices(
    members: Iterable<Member>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<RendezvousHash> {
    return inTurns(this.withSteps(members), signal)
  }

  /** One slice: nothing is built but two numbers of each member. */
  // biome-ignore lint/correctness/useYield: steps of work that has only one.
  *withSteps(members: Iterable<Member>): Steps<RendezvousHash> {
    return this.with(members)
  }

  diff(other: ConsistentHash): Difference {
    const isAlike = other instanceof RendezvousHash && other.seed === this.seed
    return isAlike ? rendezvousDifference(this.members, other.members) : sampledDifference(this, other)
  }

  shares(): ReadonlyMap<string, number> {
    const total = this.#totalWeight
    return new Map(this.members.map(({ identity, weight }) => [identity, total === 0 ? 0 : weight / total]))
  }

  explain(key: string | Uint8Array): Explanation {
    this.#read(key)
    return explanationOf(this, key, this.#lanes)
  }

  /** With equal weights the highest `u` has the highest score, so no logarithm is needed: order is all that counts. */
  #score(index: number, weight: number, first: number, second: number): number {
    const high = avalanche(first ^ (this.#first[index] as number))
    const low = avalanche(second ^ (this.#second[index] as number))
    // 53 bits, and never 0.
    const u = (high * 0x200000 + (low >>> 11) + 0.5) / 0x20000000000000
    return this.#isWeighted ? -weight / Math.log(u) : u
  }

  #read(key: string | Uint8Array): void {
    if (typeof key === 'string') this.#lanes.readText(key)
    else this.#lanes.readBytes(key)
  }
}
