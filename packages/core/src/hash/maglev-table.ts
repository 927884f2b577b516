import { KeyLanes } from './key-lanes.ts'
import type { WeightedMember } from './member.ts'
import type { Steps } from './steps.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const IDENTITY_SEEDS = [0x6c696d70, 0x65743033] as const
/** Places made empty in one slice. */
const PLACES_PER_SLICE = 1_048_576
/** Places and turns looked at in one slice: one takes a few nanoseconds, tens in a table larger than the processor's caches. */
const LOOKS_PER_SLICE = 65_536

/** For each place, the index of its member, in slices. All 0xff if no member takes any. */
export function* fillOf(
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
  const lanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
  const next = new Float64Array(members.length)
  const steps = new Float64Array(members.length)
  const weights = new Float64Array(members.length)
  let heaviest = 0
  for (const index of order) {
    const { identity, weight } = members[index] as WeightedMember
    lanes.readText(identity)
    next[index] = lanes.first % size
    steps[index] = (lanes.second % (size - 1)) + 1
    weights[index] = weight
    heaviest = Math.max(heaviest, weight)
  }
  /** How often a member has had its turn, times the heaviest weight: in each round a member is due in proportion to its own. */
  const turns = new Float64Array(members.length)
  let filled = 0
  let left = LOOKS_PER_SLICE
  for (let round = 1; filled < size; round++) {
    for (const index of order) {
      if (filled === size) break
      const isDue = round * (weights[index] as number) >= (turns[index] as number)
      const step = steps[index] as number
      let place = next[index] as number
      // The last free places are found after as many looks as the table is long.
      for (; ; place = place + step < size ? place + step : place + step - size) {
        if (left-- === 0) {
          yield
          left = LOOKS_PER_SLICE
        }
        if (!isDue || table[place] === empty) break
      }
      if (!isDue) continue
      turns[index] = (turns[index] as number) + heaviest
      table[place] = index
      next[index] = (place + step) % size
      filled++
    }
  }
  return table
}

/** The indexes of the members with a weight, in the order of their identities. */
function placeableOf(members: readonly WeightedMember[]): Uint32Array {
  const identities = members.map(({ identity }) => identity)
  const order = [...members.keys()].filter((index) => (members[index] as WeightedMember).weight > 0)
  order.sort((one, other) => ((identities[one] as string) < (identities[other] as string) ? -1 : 1))
  return Uint32Array.from(order)
}
