import { MemberPoints, type Span, sizeOf } from './member-points.ts'
import { isBefore, RingPoints, type Slots, shiftFor, slotArray } from './ring-points.ts'
import type { Steps } from './steps.ts'

/** Points that are sorted in one slice: 2 ms. */
export const POINTS_AT_ONCE = 50_000
/** Work of one slice of a larger ring. Its points lie beyond the processor's caches: to place one takes as long as to make four. */
const WORK_PER_SLICE = 131_072
const WORK_TO_PLACE = 4

/** The points of spans, sorted, in slices of at most 5 ms. `members`: those of the spans by slot. */
export function* sortedPoints(spans: readonly Span[], members: Slots, seed: number): Steps<RingPoints> {
  const size = sizeOf(spans)
  const sort = new PointSort(size, members, seed)
  const workPerSlice = size <= POINTS_AT_ONCE ? Number.POSITIVE_INFINITY : WORK_PER_SLICE
  let left = workPerSlice
  for (const span of spans) {
    for (let from = span.from; from < span.to; ) {
      const to = Math.min(span.to, from + left)
      sort.add(span, from, to)
      left -= to - from
      from = to
      if (left > 0) continue
      yield
      left = workPerSlice
    }
  }
  for (const { end, run, work } of sort.passes) {
    for (let from = 0; from < end; ) {
      const to = Math.min(end, from + Math.ceil(left / work))
      run(from, to)
      left -= (to - from) * work
      from = to
      if (left > 0) continue
      yield
      left = workPerSlice
    }
  }
  return sort.points
}

/** A pass over numbers from 0, any part at a time, in order. */
interface Pass {
  readonly end: number
  /** How much of a slice each takes. */
  readonly work: number
  readonly run: (from: number, to: number) => void
}

/** Sorts points by their upper bits in one counting pass, which gives the starts too, and then each with its few neighbours. */
class PointSort {
  /** What is to be done, in order, when all points are added. */
  readonly passes: readonly Pass[]
  readonly points: RingPoints
  readonly #source: MemberPoints
  readonly #members: Slots
  readonly #unsorted: Uint32Array
  readonly #unsortedSlots: Uint16Array | Uint32Array
  #added = 0

  constructor(size: number, members: Slots, seed: number) {
    const shift = shiftFor(size)
    const buckets = 2 ** (32 - shift)
    this.#source = new MemberPoints(seed)
    this.#members = members
    this.#unsorted = new Uint32Array(size)
    this.#unsortedSlots = slotArray(size, members.length)
    const slots = slotArray(size, members.length)
    this.points = new RingPoints(new Uint32Array(size), slots, new Uint32Array(buckets + 1), shift)
    this.passes = [
      { end: size, work: 1, run: (from, to) => this.#count(from, to) },
      { end: buckets, work: 1, run: (from, to) => this.#sum(from, to) },
      { end: size, work: WORK_TO_PLACE, run: (from, to) => this.#place(from, to) },
      { end: size, work: 1, run: (from, to) => this.#order(from, to) },
    ]
  }

  add({ identity, slot }: Span, from: number, to: number): void {
    const end = this.#added + to - from
    this.#source.write(identity, from, to, this.#unsorted, this.#added)
    this.#unsortedSlots.fill(slot, this.#added, end)
    this.#added = end
  }

  #count(from: number, to: number): void {
    const { starts, shift } = this.points
    const unsorted = this.#unsorted
    for (let i = from; i < to; i++) {
      const bucket = (unsorted[i] as number) >>> shift
      starts[bucket] = (starts[bucket] as number) + 1
    }
  }

  /** Makes each count the end of its bucket. */
  #sum(from: number, to: number): void {
    const { starts } = this.points
    let sum = from === 0 ? 0 : (starts[from - 1] as number)
    for (let bucket = from; bucket < to; bucket++) {
      sum += starts[bucket] as number
      starts[bucket] = sum
    }
    // Behind the last bucket, and with the last one right.
    starts[to] = to === starts.length - 1 ? sum : (starts[to] as number)
  }

  /** Fills each bucket from its end, which so becomes its start. */
  #place(from: number, to: number): void {
    const { positions, slots, starts, shift } = this.points
    const unsorted = this.#unsorted
    const unsortedSlots = this.#unsortedSlots
    for (let i = from; i < to; i++) {
      const position = unsorted[i] as number
      const bucket = position >>> shift
      const place = (starts[bucket] as number) - 1
      starts[bucket] = place
      positions[place] = position
      slots[place] = unsortedSlots[i] as number
    }
  }

  #order(from: number, to: number): void {
    const { positions, slots } = this.points
    const members = this.#members
    let before = from === 0 ? 0 : (positions[from - 1] as number)
    for (let i = from; i < to; i++) {
      const position = positions[i] as number
      if (position > before) {
        before = position
        continue
      }
      const slot = slots[i] as number
      let place = i
      while (
        place > 0 &&
        isBefore(members, position, slot, positions[place - 1] as number, slots[place - 1] as number)
      ) {
        positions[place] = positions[place - 1] as number
        slots[place] = slots[place - 1] as number
        place--
      }
      positions[place] = position
      slots[place] = slot
    }
  }
}
