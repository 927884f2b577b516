import type { WeightedMember } from './member.ts'
import { isBefore, type Point, RingPoints } from './ring-points.ts'

/**
 * The points without `removed` and with `added`, in time of one copy of the arrays: sorting all anew takes tenfold. `members`
 * holds, by slot, those of before and after.
 */
export function mergePoints(
  points: RingPoints,
  members: readonly (WeightedMember | undefined)[],
  removed: readonly Point[],
  added: readonly Point[],
): RingPoints {
  const order = (one: Point, other: Point) =>
    isBefore(members, one.position, one.slot, other.position, other.slot) ? -1 : 1
  const goes = removed.toSorted(order)
  const comes = added.toSorted(order)
  const size = points.size - goes.length + comes.length
  const positions = new Uint32Array(size)
  const slots = members.length <= 0xffff ? new Uint16Array(size) : new Uint32Array(size)
  let from = 0
  let to = 0
  const copyUntil = (end: number) => {
    positions.set(points.positions.subarray(from, end), to)
    slots.set(points.slots.subarray(from, end), to)
    to += end - from
    from = end
  }
  let g = 0
  for (const point of comes) {
    for (; g < goes.length && order(goes[g] as Point, point) < 0; g++) {
      copyUntil(indexOf(points, goes[g] as Point))
      from++
    }
    copyUntil(placeOf(points, members, point))
    positions[to] = point.position
    slots[to++] = point.slot
  }
  for (; g < goes.length; g++) {
    copyUntil(indexOf(points, goes[g] as Point))
    from++
  }
  copyUntil(points.size)
  return new RingPoints(positions, slots, shiftedStarts(points, goes, comes), points.shift)
}

/** How often positions of the buckets before have come and gone, added to each start. */
function shiftedStarts(
  { starts, shift }: RingPoints,
  goes: readonly Point[],
  comes: readonly Point[],
): Uint32Array {
  const shifted = new Uint32Array(starts.length)
  let c = 0
  let g = 0
  let bucket = 0
  while (bucket < starts.length) {
    // Up to the next bucket in which something changes, the starts move together.
    const nextCome = c < comes.length ? ((comes[c] as Point).position >>> shift) + 1 : starts.length
    const nextGo = g < goes.length ? ((goes[g] as Point).position >>> shift) + 1 : starts.length
    const end = Math.min(nextCome, nextGo)
    const delta = c - g
    for (; bucket < end; bucket++) shifted[bucket] = (starts[bucket] as number) + delta
    while (c < comes.length && ((comes[c] as Point).position >>> shift) + 1 === end) c++
    while (g < goes.length && ((goes[g] as Point).position >>> shift) + 1 === end) g++
  }
  return shifted
}

/** The index of a point that is there. */
function indexOf(points: RingPoints, { position, slot }: Point): number {
  let index = points.starts[position >>> points.shift] as number
  while (points.positions[index] !== position || points.slots[index] !== slot) index++
  return index
}

/** Where a point that is not there belongs. */
function placeOf(
  { positions, slots, starts, shift }: RingPoints,
  members: readonly (WeightedMember | undefined)[],
  { position, slot }: Point,
): number {
  let index = starts[position >>> shift] as number
  while (
    index < positions.length &&
    isBefore(members, positions[index] as number, slots[index] as number, position, slot)
  ) {
    index++
  }
  return index
}
