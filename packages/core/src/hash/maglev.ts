import { isLeftOut } from './bounded-load.ts'
import { candidatesOf, explanationOf } from './candidates.ts'
import type { ConsistentHash, Difference, Explanation, PickOptions } from './consistent-hash.ts'
import { differenceOf, sampledDifference } from './difference.ts'
import { KeyLanes } from './key-lanes.ts'
import { checkMembers, type Member, type WeightedMember } from './member.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const KEY_SEEDS = [0x4c696d70, 0x65744b33] as const
const IDENTITY_SEEDS = [0x6c696d70, 0x65743033] as const

/** The largest prime below 2^23: Envoy's limit, too. */
const LARGE_TABLE = 8_388_593

/**
 * Maglev hashing (Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4; weights as
 * Envoy fills them): a table in which each member in turn takes the next free place of its own permutation. Shares are equal to a per
 * cent, and a change moves some keys between members that stay.
 */
export class Maglev implements ConsistentHash {
  readonly algorithm = 'maglev'
  readonly version = 1
  readonly members: readonly WeightedMember[]
  readonly seed: number
  /** For each place, the index of its member. */
  readonly table: Uint16Array | Uint32Array
  readonly #lanes: KeyLanes
  readonly #totalWeight: number
  readonly #placeable: number
  /** For each member, the number of the pick that has left it out. */
  readonly #leftOut: Uint32Array
  #pickNumber = 0

  /** `size`: a prime number above the number of members; a hundred times as many keep shares within a per cent. */
  constructor(members: readonly WeightedMember[], seed: number, size: number) {
    this.members = members
    this.seed = seed
    this.#lanes = new KeyLanes(KEY_SEEDS[0] ^ seed, KEY_SEEDS[1] ^ seed)
    this.#totalWeight = members.reduce((sum, { weight }) => sum + weight, 0)
    this.#placeable = members.filter(({ weight }) => weight > 0).length
    this.#leftOut = new Uint32Array(members.length)
    this.table = filledTable(members, seed, size)
  }

  pick(key: string | Uint8Array, options?: PickOptions<WeightedMember>): WeightedMember | undefined {
    if (this.#placeable === 0) return undefined
    this.#read(key)
    const { table } = this
    const { first, second } = this.#lanes
    let place = first % table.length
    if (options === undefined) return this.members[table[place] as number]
    const pickNumber = this.#nextPick()
    // Steps of its own for each key, so that those of one member go to all the others.
    const step = (second % (table.length - 1)) + 1
    for (let left = this.#placeable; left > 0; place = (place + step) % table.length) {
      const index = table[place] as number
      if (this.#leftOut[index] === pickNumber) continue
      const member = this.members[index] as WeightedMember
      if (!isLeftOut(member, options, this.#totalWeight)) return member
      this.#leftOut[index] = pickNumber
      left--
    }
    return undefined
  }

  candidates(key: string | Uint8Array): IterableIterator<WeightedMember> {
    return candidatesOf(this, key)
  }

  with(members: Iterable<Member>): Maglev {
    const checked = checkMembers('with.members', members)
    // A table of fixed size could not hold them; another one moves what it must once.
    return new Maglev(
      checked,
      this.seed,
      checked.length < this.table.length ? this.table.length : LARGE_TABLE,
    )
  }

  diff(other: ConsistentHash): Difference {
    if (!(other instanceof Maglev) || other.seed !== this.seed || other.table.length !== this.table.length) {
      return sampledDifference(this, other)
    }
    const shares = new Map<string, number>()
    if (this.#placeable === 0 || other.#placeable === 0) return differenceOf(shares, true, 0)
    for (let place = 0; place < this.table.length; place++) {
      const from = (this.members[this.table[place] as number] as WeightedMember).identity
      const to = (other.members[other.table[place] as number] as WeightedMember).identity
      if (from === to) continue
      const movement = `${from}\0${to}`
      shares.set(movement, (shares.get(movement) ?? 0) + 1 / this.table.length)
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

  #nextPick(): number {
    if (this.#pickNumber === 0xffffffff) {
      this.#leftOut.fill(0)
      this.#pickNumber = 0
    }
    return ++this.#pickNumber
  }
}

function filledTable(
  members: readonly WeightedMember[],
  seed: number,
  size: number,
): Uint16Array | Uint32Array {
  const table = members.length < 0xffff ? new Uint16Array(size) : new Uint32Array(size)
  const empty = members.length < 0xffff ? 0xffff : 0xffffffff
  table.fill(empty)
  const order = [...members.keys()]
    .filter((index) => (members[index] as WeightedMember).weight > 0)
    .sort((one, other) =>
      (members[one] as WeightedMember).identity < (members[other] as WeightedMember).identity ? -1 : 1,
    )
  if (order.length === 0) return table
  const lanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
  const next = new Float64Array(members.length)
  const steps = new Float64Array(members.length)
  for (const index of order) {
    lanes.readText((members[index] as WeightedMember).identity)
    next[index] = lanes.first % size
    steps[index] = (lanes.second % (size - 1)) + 1
  }
  const heaviest = Math.max(...order.map((index) => (members[index] as WeightedMember).weight))
  /** How often a member has had its turn, times the heaviest weight: in each round a member is due in proportion to its own. */
  const turns = new Float64Array(members.length)
  let filled = 0
  for (let round = 1; filled < size; round++) {
    for (const index of order) {
      if (filled === size) break
      if (round * (members[index] as WeightedMember).weight < (turns[index] as number)) continue
      turns[index] = (turns[index] as number) + heaviest
      let place = next[index] as number
      while (table[place] !== empty) place = (place + (steps[index] as number)) % size
      table[place] = index
      next[index] = (place + (steps[index] as number)) % size
      filled++
    }
  }
  return table
}
