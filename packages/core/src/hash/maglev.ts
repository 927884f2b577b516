import { isLeftOut } from './bounded-load.ts'
import { candidatesOf, explanationOf } from './candidates.ts'
import type { ConsistentHash, Difference, Explanation, PickOptions } from './consistent-hash.ts'
import { differenceOf, MovedShares, sampledDifference } from './difference.ts'
import { KeyLanes } from './key-lanes.ts'
import { LeftOut } from './left-out.ts'
import { filledTable } from './maglev-table.ts'
import { checkMembers, type Member, type WeightedMember } from './member.ts'
import type { SlicedHash } from './sliced-hash.ts'
import { finished, inTurns, type Steps } from './steps.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const KEY_SEEDS = [0x4c696d70, 0x65744b33] as const

/** The largest prime below 2^23: Envoy's limit, too. */
const LARGE_TABLE = 8_388_593

/**
 * A table of members that were checked. `size`: a prime number above the number of members; a hundred times as many keep shares
 * within a per cent.
 */
export function* maglevOf(members: readonly WeightedMember[], seed: number, size: number): Steps<Maglev> {
  return new Maglev(members, seed, yield* filledTable(members, seed, size))
}

/**
 * Maglev hashing (Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4; weights as
 * Envoy fills them): a table in which each member in turn takes the next free place of its own permutation. Shares are equal to a per
 * cent, and a change moves some keys between members that stay.
 */
export class Maglev implements SlicedHash {
  readonly algorithm = 'maglev'
  readonly version = 1
  readonly members: readonly WeightedMember[]
  readonly seed: number
  /** For each place, the index of its member. */
  readonly table: Uint16Array | Uint32Array
  readonly #lanes: KeyLanes
  readonly #totalWeight: number
  readonly #placeable: number
  readonly #leftOut: LeftOut

  constructor(members: readonly WeightedMember[], seed: number, table: Uint16Array | Uint32Array) {
    this.members = members
    this.seed = seed
    this.#lanes = new KeyLanes(KEY_SEEDS[0] ^ seed, KEY_SEEDS[1] ^ seed)
    this.#totalWeight = members.reduce((sum, { weight }) => sum + weight, 0)
    this.#placeable = members.filter(({ weight }) => weight > 0).length
    this.#leftOut = new LeftOut(members.length)
    this.table = table
  }

  pick(key: string | Uint8Array, options?: PickOptions<WeightedMember>): WeightedMember | undefined {
    if (this.#placeable === 0) return undefined
    this.#read(key)
    const { table } = this
    if (options === undefined) return this.members[table[this.#lanes.first % table.length] as number]
    const leftOut = this.#leftOut.take()
    try {
      return this.#pickAmong(options, leftOut)
    } finally {
      this.#leftOut.giveBack(leftOut)
    }
  }

  candidates(key: string | Uint8Array): IterableIterator<WeightedMember> {
    return candidatesOf(this, key)
  }

  with(members: Iterable<Member>): Maglev {
    return finished(this.withSteps(members))
  }

  withInSlices(
    members: Iterable<Member>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Maglev> {
    return inTurns(this.withSteps(members), signal)
  }

  *withSteps(members: Iterable<Member>): Steps<Maglev> {
    const checked = checkMembers('with.members', members)
    const { length } = this.table
    // A table of fixed size could not hold them; another one moves what it must once.
    return yield* maglevOf(checked, this.seed, checked.length < length ? length : LARGE_TABLE)
  }

  diff(other: ConsistentHash): Difference {
    if (!(other instanceof Maglev) || other.seed !== this.seed || other.table.length !== this.table.length) {
      return sampledDifference(this, other)
    }
    const shares = new MovedShares()
    if (this.#placeable === 0 || other.#placeable === 0) return differenceOf(shares, true, 0)
    for (let place = 0; place < this.table.length; place++) {
      const from = (this.members[this.table[place] as number] as WeightedMember).identity
      const to = (other.members[other.table[place] as number] as WeightedMember).identity
      if (from === to) continue
      shares.add(from, to, 1 / this.table.length)
    }
    return differenceOf(shares, true, 0)
  }

  shares(): ReadonlyMap<string, number> {
    const places = new Float64Array(this.members.length)
    if (this.#placeable > 0) for (const index of this.table) places[index] = (places[index] as number) + 1
    return new Map(
      this.members.map(({ identity }, index) => [identity, (places[index] as number) / this.table.length]),
    )
  }

  explain(key: string | Uint8Array): Explanation {
    this.#read(key)
    return explanationOf(this, key, this.#lanes)
  }

  #read(key: string | Uint8Array): void {
    if (typeof key === 'string') this.#lanes.readText(key)
    else this.#lanes.readBytes(key)
  }

  /** Of the key that was read last: numbers of 32 bits that are handed on may be put on the heap. */
  #pickAmong(options: PickOptions<WeightedMember>, leftOut: Uint32Array): WeightedMember | undefined {
    const { table } = this
    const { first, second } = this.#lanes
    const pickNumber = this.#leftOut.nextPick()
    // Steps of its own for each key, so that those of one member go to all the others.
    const step = (second % (table.length - 1)) + 1
    let place = first % table.length
    for (let left = this.#placeable; left > 0; place = (place + step) % table.length) {
      const index = table[place] as number
      if (leftOut[index] === pickNumber) continue
      const member = this.members[index] as WeightedMember
      if (!isLeftOut(member, options, this.#totalWeight)) return member
      leftOut[index] = pickNumber
      left--
    }
    return undefined
  }
}
