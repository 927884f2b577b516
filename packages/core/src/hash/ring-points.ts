import type { WeightedMember } from './member.ts'

/** Points of a member of weight 1, before scaling. */
export const POINTS_PER_WEIGHT: number = 100
/** Most points of a ring: weights are halved together until they fit. */
export const MOST_POINTS: number = 1 << 20

/**
 * How often the weights of a set are halved before each is turned into points. It depends on the weights alone; a set whose
 * points are 1 048 576 or fewer, such as 10 000 members of weight 1 or 40 of weight 256, is not scaled.
 */
export function halvingsOf(members: readonly WeightedMember[]): number {
  for (let halvings = 0; ; halvings++) {
    let total = 0
    for (const { weight } of members) total += pointCount(weight, halvings)
    if (total <= MOST_POINTS || halvings === MOST_HALVINGS) return halvings
  }
}

/** Beyond it every member has the one point that it has at least. */
const MOST_HALVINGS = 24

/** Points of a member: at least one for a weight above 0. */
export function pointCount(weight: number, halvings: number): number {
  if (weight === 0) return 0
  return Math.max(1, Math.round((POINTS_PER_WEIGHT * weight) / 2 ** halvings))
}

/** Members by slot; a slot whose member went away is empty until it is taken again. */
export type Slots = readonly (WeightedMember | undefined)[]

/** The points of all members, sorted by position; points of one position by the identities of their members. */
export class RingPoints {
  readonly positions: Uint32Array
  /** For each point, the slot of its member. */
  readonly slots: Uint16Array | Uint32Array
  /** For each value of the upper bits of a position, the first point at or behind it. One more entry than values. */
  readonly starts: Uint32Array
  /** Bits to shift a position by for its upper ones. */
  readonly shift: number

  constructor(positions: Uint32Array, slots: Uint16Array | Uint32Array, starts: Uint32Array, shift: number) {
    this.positions = positions
    this.slots = slots
    this.starts = starts
    this.shift = shift
  }

  get size(): number {
    return this.positions.length
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.positions.byteLength + this.slots.byteLength + this.starts.byteLength
  }

  /** The index of the first point at or behind `position`, around the end; the ring must have points. */
  indexAt(position: number): number {
    const { positions } = this
    let index = this.starts[position >>> this.shift] as number
    while (index < positions.length && (positions[index] as number) < position) index++
    return index === positions.length ? 0 : index
  }
}

/** Bits to shift a position by, for one or two points with each value of what is left: a search takes a step or two. */
export function shiftFor(size: number): number {
  return 32 - Math.max(1, Math.min(20, 31 - Math.clz32(Math.max(1, size - 1))))
}

/** Array for the slots of `members`. */
export function slotArray(size: number, members: number): Uint16Array | Uint32Array {
  return members <= 0xffff ? new Uint16Array(size) : new Uint32Array(size)
}

/** The order of two points. */
export function isBefore(
  members: Slots,
  position: number,
  slot: number,
  otherPosition: number,
  otherSlot: number,
): boolean {
  if (position !== otherPosition) return position < otherPosition
  return (members[slot] as WeightedMember).identity < (members[otherSlot] as WeightedMember).identity
}
