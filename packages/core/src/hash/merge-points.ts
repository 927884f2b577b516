import { MemberPoints, type Span, sizeOf } from './member-points.ts'
import { sortedPoints } from './point-sort.ts'
import { isBefore, RingPoints, type Slots, shiftFor, slotArray } from './ring-points.ts'
import { finished } from './steps.ts'

/** Runs of points up to this length are copied one by one: a call for a block costs as much. */
const SHORT_RUN = 48

/**
 * The points without `removed` and with `added`, in little more time than a copy of the arrays takes. `members` holds, by slot,
 * those of before and after.
 */
export function mergePoints(
  points: RingPoints,
  members: Slots,
  removed: readonly Span[],
  added: readonly Span[],
  seed: number,
): RingPoints {
  const goes = indexesOf(points, removed, seed)
  const comes = finished(sortedPoints(added, members, seed))
  const size = points.size - goes.length + comes.size
  const positions = new Uint32Array(size)
  const slots = slotArray(size, members.length)
  let from = 0
  let to = 0
  const copyUntil = (end: number) => {
    if (end - from > SHORT_RUN) {
      positions.set(points.positions.subarray(from, end), to)
      slots.set(points.slots.subarray(from, end), to)
      to += end - from
      from = end
      return
    }
    for (; from < end; from++, to++) {
      positions[to] = points.positions[from] as number
      slots[to] = points.slots[from] as number
    }
  }
  let g = 0
  for (let c = 0; c < comes.size; c++) {
    const position = comes.positions[c] as number
    const slot = comes.slots[c] as number
    const place = placeOf(points, members, position, slot)
    for (; g < goes.length && (goes[g] as number) < place; g++) {
      copyUntil(goes[g] as number)
      from++
    }
    copyUntil(place)
    positions[to] = position
    slots[to++] = slot
  }
  for (; g < goes.length; g++) {
    copyUntil(goes[g] as number)
    from++
  }
  copyUntil(points.size)
  const shift = shiftFor(size)
  const starts = shift === points.shift ? shiftedStarts(points, goes, comes) : startsOf(positions, shift)
  return new RingPoints(positions, slots, starts, shift)
}

/** How often positions of the buckets before have come and gone, added to each start. */
function shiftedStarts(points: RingPoints, goes: Uint32Array, comes: RingPoints): Uint32Array {
  const { starts, shift } = points
  const shifted = new Uint32Array(starts.length)
  const none = starts.length
  const nextOf = (positions: Uint32Array, index: number) => ((positions[index] as number) >>> shift) + 1
  let c = 0
  let g = 0
  let bucket = 0
  while (bucket < starts.length) {
    // Up to the next bucket in which something changes, the starts move together.
    const come = c < comes.size ? nextOf(comes.positions, c) : none
    const go = g < goes.length ? nextOf(points.positions, goes[g] as number) : none
    const end = Math.min(come, go)
    const delta = c - g
    for (; bucket < end; bucket++) shifted[bucket] = (starts[bucket] as number) + delta
    while (c < comes.size && nextOf(comes.positions, c) === end) c++
    while (g < goes.length && nextOf(points.positions, goes[g] as number) === end) g++
  }
  return shifted
}

/** The starts of sorted positions: a ring that has grown by merging is searched as fast as one built at once. */
function startsOf(positions: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(2 ** (32 - shift) + 1)
  let bucket = 0
  for (let i = 0; i < positions.length; i++) {
    const own = (positions[i] as number) >>> shift
    while (bucket < own) starts[++bucket] = i
  }
  starts.fill(positions.length, bucket + 1)
  return starts
}

/** The indexes of points that are there, in order. */
function indexesOf(points: RingPoints, spans: readonly Span[], seed: number): Uint32Array {
  const indexes = new Uint32Array(sizeOf(spans))
  const source = new MemberPoints(seed)
  let at = 0
  for (const { identity, slot, from, to } of spans) {
    source.write(identity, from, to, indexes, at)
    for (const end = at + to - from; at < end; at++) {
      const position = indexes[at] as number
      let index = points.starts[position >>> points.shift] as number
      while (points.positions[index] !== position || points.slots[index] !== slot) index++
      indexes[at] = index
    }
  }
  return indexes.sort()
}

/** Where a point that is not there belongs. */
function placeOf(
  { positions, slots, starts, shift }: RingPoints,
  members: Slots,
  position: number,
  slot: number,
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
