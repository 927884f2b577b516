import { isLeftOut } from './bounded-load.ts'
import { candidatesOf, explanationOf } from './candidates.ts'
import type { ConsistentHash, Difference, Explanation, PickOptions } from './consistent-hash.ts'
import { KeyLanes } from './key-lanes.ts'
import { LeftOut } from './left-out.ts'
import type { Member, WeightedMember } from './member.ts'
import { POINTS_AT_ONCE, sortedPoints } from './point-sort.ts'
import { RingChange } from './ring-change.ts'
import { ringDifference } from './ring-difference.ts'
import { halvingsOf, pointCount, type RingPoints, type Slots } from './ring-points.ts'
import { ringShares } from './ring-shares.ts'
import type { SlicedHash } from './sliced-hash.ts'
import { finished, inTurns, type Steps } from './steps.ts'

/** Arbitrary and the same for ever: replicas must agree. */
const KEY_SEEDS = [0x4c696d70, 0x65744b31] as const
/** With more changed points than this part of all, sorting anew is no slower than merging. */
const MOST_MERGED = 1 / 2

/** The points of a set, and who has them. */
interface Built {
  readonly points: RingPoints
  readonly slots: Slots
  /** For each member, its slot. */
  readonly slotOfMember: Uint32Array
  readonly halvings: number
}

/** A ring of members that were checked. */
export function* ringOf(members: readonly WeightedMember[], seed: number): Steps<Ring> {
  const halvings = halvingsOf(members)
  const spans = members.map(({ identity, weight }, slot) => {
    return { identity, slot, from: 0, to: pointCount(weight, halvings) }
  })
  const points = yield* sortedPoints(spans, members, seed)
  const slotOfMember = Uint32Array.from(members.keys())
  return new Ring(members, seed, { points, slots: members, slotOfMember, halvings })
}

/**
 * A ring of points, 100 for a weight of 1, with two probes for a key: each finds the first point at or behind it, and the closer
 * one wins. No key moves between two members that both stay as they are, and leaving a member out is the same as a ring without
 * it. Two probes spread the shares as 160 points with one would, with fewer points (Appleton and O'Reilly, "Multi-probe
 * consistent hashing", 2015).
 */
export class Ring implements SlicedHash {
  readonly algorithm = 'ring'
  readonly version = 1
  readonly members: readonly WeightedMember[]
  readonly seed: number
  readonly points: RingPoints
  readonly slots: Slots
  readonly slotOfMember: Uint32Array
  readonly #halvings: number
  readonly #lanes: KeyLanes
  /** By slots. */
  readonly #leftOut: LeftOut
  #slotByIdentity: ReadonlyMap<string, number> | undefined
  readonly #placeable: number
  readonly #totalWeight: number

  constructor(
    members: readonly WeightedMember[],
    seed: number,
    { points, slots, slotOfMember, halvings }: Built,
  ) {
    this.members = members
    this.seed = seed
    this.points = points
    this.slots = slots
    this.slotOfMember = slotOfMember
    this.#halvings = halvings
    this.#lanes = new KeyLanes(KEY_SEEDS[0] ^ seed, KEY_SEEDS[1] ^ seed)
    this.#leftOut = new LeftOut(slots.length)
    let placeable = 0
    let totalWeight = 0
    for (const { weight } of members) {
      if (weight > 0) placeable++
      totalWeight += weight
    }
    this.#placeable = placeable
    this.#totalWeight = totalWeight
  }

  /** Made when it is asked for. */
  get slotByIdentity(): ReadonlyMap<string, number> {
    if (this.#slotByIdentity) return this.#slotByIdentity
    const slots = new Map<string, number>()
    for (const [slot, member] of this.slots.entries()) if (member) slots.set(member.identity, slot)
    this.#slotByIdentity = slots
    return slots
  }

  pick(key: string | Uint8Array, options?: PickOptions<WeightedMember>): WeightedMember | undefined {
    if (this.points.size === 0) return undefined
    this.#read(key)
    if (options !== undefined) return this.#pickWithin(options)
    const { first, second } = this.#lanes
    return this.slots[this.slotOf(first, second)]
  }

  /** The slot of the member that takes a key with these hashes; the ring must have points. Equal distances: the first probe's. */
  slotOf(first: number, second: number): number {
    const { positions, slots, starts, shift } = this.points
    const size = positions.length
    let one = starts[first >>> shift] as number
    let two = starts[second >>> shift] as number
    while (one < size && (positions[one] as number) < first) one++
    while (two < size && (positions[two] as number) < second) two++
    if (one === size) one = 0
    if (two === size) two = 0
    const distanceOne = ((positions[one] as number) - first) >>> 0
    const distanceTwo = ((positions[two] as number) - second) >>> 0
    return slots[distanceOne <= distanceTwo ? one : two] as number
  }

  candidates(key: string | Uint8Array): IterableIterator<WeightedMember> {
    return candidatesOf(this, key)
  }

  with(members: Iterable<Member>): Ring {
    return finished(this.#changed(members, this.points.size * MOST_MERGED))
  }

  withInSlices(members: Iterable<Member>, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Ring> {
    return inTurns(this.withSteps(members), signal)
  }

  withSteps(members: Iterable<Member>): Steps<Ring> {
    // One merge is one slice.
    return this.#changed(members, Math.min(this.points.size * MOST_MERGED, POINTS_AT_ONCE))
  }

  *#changed(members: Iterable<Member>, mostMerged: number): Steps<Ring> {
    const change = new RingChange(this, this.#halvings, members)
    const halvings = halvingsOf(change.members)
    if (halvings !== this.#halvings || change.size > mostMerged)
      return yield* ringOf(change.members, this.seed)
    return new Ring(change.members, this.seed, { ...change.merged(), halvings })
  }

  diff(other: ConsistentHash): Difference {
    return ringDifference(this, other)
  }

  shares(): ReadonlyMap<string, number> {
    return ringShares(this)
  }

  explain(key: string | Uint8Array): Explanation {
    this.#read(key)
    return explanationOf(this, key, this.#lanes)
  }

  #read(key: string | Uint8Array): void {
    if (typeof key === 'string') this.#lanes.readText(key)
    else this.#lanes.readBytes(key)
  }

  #pickWithin(options: PickOptions<WeightedMember>): WeightedMember | undefined {
    const leftOut = this.#leftOut.take()
    try {
      return this.#pickAmong(options, leftOut)
    } finally {
      this.#leftOut.giveBack(leftOut)
    }
  }

  /** Of the key that was read last: numbers of 32 bits that are handed on may be put on the heap. */
  #pickAmong(options: PickOptions<WeightedMember>, leftOut: Uint32Array): WeightedMember | undefined {
    const { points } = this
    const { first, second } = this.#lanes
    const pickNumber = this.#leftOut.nextPick()
    let left = this.#placeable
    let one = points.indexAt(first)
    let two = points.indexAt(second)
    while (left > 0) {
      const distanceOne = ((points.positions[one] as number) - first) >>> 0
      const distanceTwo = ((points.positions[two] as number) - second) >>> 0
      const isOne = distanceOne <= distanceTwo
      const slot = points.slots[isOne ? one : two] as number
      if (leftOut[slot] !== pickNumber) {
        const member = this.slots[slot] as WeightedMember
        if (!isLeftOut(member, options, this.#totalWeight)) return member
        leftOut[slot] = pickNumber
        left--
      }
      if (isOne) one = one + 1 === points.size ? 0 : one + 1
      else two = two + 1 === points.size ? 0 : two + 1
    }
    return undefined
  }
}
