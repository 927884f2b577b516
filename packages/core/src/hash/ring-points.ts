import { avalanche, KeyLanes } from './key-lanes.ts'
import type { WeightedMember } from './member.ts'

/** Points of a member of weight 1, before scaling. */
export const POINTS_PER_WEIGHT: number = 100
/** Most points of a ring: weights are halved together until they fit. */
export const MOST_POINTS: number = 1 << 20

/** Arbitrary, different from those of keys, and the same for ever: replicas must agree. */
const IDENTITY_SEEDS = [0x6c696d70, 0x65743031] as const
/** 2^32 divided by the golden ratio, odd. */
const STEP = 0x9e3779b1

/** A place in the ring, and the slot of the member that has it. */
export interface Point {
  readonly position: number
  readonly slot: number
}

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

/**
 * Where the points of one member lie. Point `j` depends on the identity and `j` alone, so that another weight only adds
 * points or takes the last away.
 */
export class MemberPoints {
  readonly #lanes: KeyLanes

  /** `seed`: what keys are hashed with too; see `ring()`. */
  constructor(seed: number) {
    this.#lanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
  }

  /** Calls `take` with the positions of the points `from` to `to` (exclusive) of a member. */
  positions(identity: string, from: number, to: number, take: (position: number) => void): void {
    const lanes = this.#lanes
    lanes.readText(identity)
    const { first, second } = lanes
    for (let j = from; j < to; j++) {
      take(avalanche(first ^ avalanche((second + Math.imul(j + 1, STEP)) | 0)))
    }
  }
}

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

/** Upper bits by which points are found: about one point for each value, so that a search takes a step or two. */
function bucketBits(size: number): number {
  return Math.max(1, Math.min(20, 32 - Math.clz32(Math.max(1, size - 1))))
}

/** Array for the slots of `members`. */
function slotArray(size: number, members: number): Uint16Array | Uint32Array {
  return members <= 0xffff ? new Uint16Array(size) : new Uint32Array(size)
}

/** Sorts the points of the members: by upper bits in one counting pass, which gives `starts` too, then within each value. */
export function buildPoints(
  members: readonly (WeightedMember | undefined)[],
  halvings: number,
  seed: number,
): RingPoints {
  let size = 0
  for (const member of members) if (member) size += pointCount(member.weight, halvings)
  const bits = bucketBits(size)
  const shift = 32 - bits
  const unsorted = new Uint32Array(size)
  const unsortedSlots = slotArray(size, members.length)
  const starts = new Uint32Array((1 << bits) + 1)
  const points = new MemberPoints(seed)
  let at = 0
  for (let slot = 0; slot < members.length; slot++) {
    const member = members[slot]
    if (!member) continue
    points.positions(member.identity, 0, pointCount(member.weight, halvings), (position) => {
      unsorted[at] = position
      unsortedSlots[at++] = slot
      const bucket = (position >>> shift) + 1
      starts[bucket] = (starts[bucket] as number) + 1
    })
  }
  for (let bucket = 1; bucket < starts.length; bucket++) {
    starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number)
  }
  const positions = new Uint32Array(size)
  const slots = slotArray(size, members.length)
  const ends = starts.slice(0, -1)
  for (let i = 0; i < size; i++) {
    const position = unsorted[i] as number
    const slot = unsortedSlots[i] as number
    const bucket = position >>> shift
    let place = ends[bucket] as number
    ends[bucket] = place + 1
    const start = starts[bucket] as number
    while (
      place > start &&
      isBefore(members, position, slot, positions[place - 1] as number, slots[place - 1] as number)
    ) {
      positions[place] = positions[place - 1] as number
      slots[place] = slots[place - 1] as number
      place--
    }
    positions[place] = position
    slots[place] = slot
  }
  return new RingPoints(positions, slots, starts, shift)
}

/** The order of two points. */
export function isBefore(
  members: readonly (WeightedMember | undefined)[],
  position: number,
  slot: number,
  otherPosition: number,
  otherSlot: number,
): boolean {
  if (position !== otherPosition) return position < otherPosition
  return (members[slot] as WeightedMember).identity < (members[otherSlot] as WeightedMember).identity
}
