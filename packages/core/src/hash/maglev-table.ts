import { KeyLanes } from './key-lanes.ts'
import { MaglevTurns } from './maglev-turns.ts'
import type { WeightedMember } from './member.ts'
import type { Steps } from './steps.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const IDENTITY_SEEDS = [0x6c696d70, 0x65743033] as const
/** Places of a table that is filled in one slice: 5 ms. */
const PLACES_AT_ONCE = 100_000
/** Places made empty in one slice. */
const PLACES_PER_SLICE = 1_048_576
/** Places looked at in one slice: one takes a few nanoseconds, tens in a table larger than the processor's caches. */
const LOOKS_PER_SLICE = 65_536

/** For each place, the index of its member, in slices. Of no use if no member has a weight. */
export function* filledTable(
  members: readonly WeightedMember[],
  seed: number,
  size: number,
): Steps<Uint16Array | Uint32Array> {
  const table = members.length < 0xffff ? new Uint16Array(size) : new Uint32Array(size)
  const empty = members.length < 0xffff ? 0xffff : 0xffffffff
  for (let from = 0; from < size; from += PLACES_PER_SLICE) {
    if (from > 0) yield
    table.fill(empty, from, from + PLACES_PER_SLICE)
  }
  const order = placeableOf(members)
  if (order.length === 0) return table
  const filling = new Filling(table, empty, members, order, seed)
  const looks = size <= PLACES_AT_ONCE ? Number.POSITIVE_INFINITY : LOOKS_PER_SLICE
  while (!filling.goOn(looks)) yield
  return table
}

/** The indexes of the members with a weight, in the order of their identities. */
function placeableOf(members: readonly WeightedMember[]): Uint32Array {
  const identities = members.map(({ identity }) => identity)
  const order = [...members.keys()].filter((index) => (members[index] as WeightedMember).weight > 0)
  order.sort((one, other) => ((identities[one] as string) < (identities[other] as string) ? -1 : 1))
  return Uint32Array.from(order)
}

/** Where the members' turns have come to. Not a generator itself: V8 keeps what such a function counts in memory. */
class Filling {
  readonly #table: Uint16Array | Uint32Array
  readonly #empty: number
  readonly #order: Uint32Array
  readonly #turns: MaglevTurns
  /** For each member in order, where it looks next, and how far it goes on from there. */
  readonly #places: Uint32Array
  readonly #steps: Uint32Array
  #filled = 0
  /** Whose turn it is. */
  #turn: number

  constructor(
    table: Uint16Array | Uint32Array,
    empty: number,
    members: readonly WeightedMember[],
    order: Uint32Array,
    seed: number,
  ) {
    this.#table = table
    this.#empty = empty
    this.#order = order
    this.#places = new Uint32Array(order.length)
    this.#steps = new Uint32Array(order.length)
    const weights = new Float64Array(order.length)
    const lanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
    for (let i = 0; i < order.length; i++) {
      const { identity, weight } = members[order[i] as number] as WeightedMember
      lanes.readText(identity)
      this.#places[i] = lanes.first % table.length
      this.#steps[i] = (lanes.second % (table.length - 1)) + 1
      weights[i] = weight
    }
    this.#turns = new MaglevTurns(weights, table.length)
    this.#turn = this.#turns.next()
  }

  /** Looks at so many places more, which may end within a turn: the last free ones take as many as the table is long. True if all are filled. */
  goOn(looks: number): boolean {
    const table = this.#table
    const size = table.length
    const empty = this.#empty
    for (;;) {
      const turn = this.#turn
      const step = this.#steps[turn] as number
      let place = this.#places[turn] as number
      while (looks > 0 && table[place] !== empty) {
        looks--
        place += step
        if (place >= size) place -= size
      }
      this.#places[turn] = place
      if (looks-- <= 0) return false
      table[place] = this.#order[turn] as number
      if (++this.#filled === size) return true
      this.#turn = this.#turns.next()
    }
  }
}
