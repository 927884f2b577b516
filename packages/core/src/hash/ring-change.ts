import { checkMember, duplicate, type Member, type WeightedMember } from './member.ts'
import type { Span } from './member-points.ts'
import { mergePoints } from './merge-points.ts'
import type { Ring } from './ring.ts'
import { pointCount, type RingPoints, type Slots } from './ring-points.ts'

/** Another set of members for a ring: what of its points comes and goes. Members that stay as they are cost a lookup. */
export class RingChange {
  readonly #ring: Ring
  readonly #halvings: number
  readonly #removed: Span[] = []
  readonly #added: Span[] = []
  /** Points that come or go. */
  size = 0
  /** Members by slot, as they are afterwards. */
  readonly #slots: (WeightedMember | undefined)[]
  /** The same with those that go: their points are still to be found. */
  readonly #named: (WeightedMember | undefined)[]

  constructor(ring: Ring, halvings: number) {
    this.#ring = ring
    this.#halvings = halvings
    this.#slots = ring.slots.slice()
    this.#named = ring.slots.slice()
  }

  /**
   * Takes the members of the other set, checked.
   *
   * @throws StickyError `invalid-option`, `duplicate-identity`
   */
  take(members: Iterable<Member>): readonly WeightedMember[] {
    const { slotByIdentity, slots } = this.#ring
    const taken: WeightedMember[] = []
    /** For each slot, one more than the index of the member that has it now. */
    const indexOfSlot = new Uint32Array(slots.length)
    const fresh = new Map<string, number>()
    for (const member of members) {
      const index = taken.length
      const slot = slotByIdentity.get(member.identity)
      if (slot === undefined) {
        const before = fresh.get(member.identity)
        if (before !== undefined) throw duplicate('with.members', before, index, member.identity)
        taken.push(checkMember('with.members', index, member))
        fresh.set(member.identity, index)
        continue
      }
      const before = indexOfSlot[slot] as number
      if (before > 0) throw duplicate('with.members', before - 1, index, member.identity)
      indexOfSlot[slot] = index + 1
      taken.push(this.#keep(slot, index, member))
    }
    const free: number[] = []
    for (let slot = 0; slot < slots.length; slot++) {
      if (slots[slot] === undefined) free.push(slot)
      else if (indexOfSlot[slot] === 0) this.#drop(slot)
    }
    // The slots of those that go now are not among the free ones: their points are found by them until all is merged.
    for (const index of fresh.values())
      this.#add(free.pop() ?? this.#slots.length, taken[index] as WeightedMember)
    return Object.freeze(taken)
  }

  merged(): { readonly points: RingPoints; readonly slots: Slots } {
    const { points: before, seed } = this.#ring
    if (this.size === 0) return { points: before, slots: this.#slots }
    const points = mergePoints(before, this.#named, this.#removed, this.#added, seed)
    return { points, slots: this.#slots }
  }

  #keep(slot: number, index: number, member: Member): WeightedMember {
    const before = this.#ring.slots[slot] as WeightedMember
    if ((member.weight ?? 1) === before.weight) return before
    const after = checkMember('with.members', index, member)
    const had = pointCount(before.weight, this.#halvings)
    const has = pointCount(after.weight, this.#halvings)
    this.#slots[slot] = after
    this.#points(this.#removed, after.identity, slot, has, had)
    this.#points(this.#added, after.identity, slot, had, has)
    return after
  }

  #drop(slot: number): void {
    const { identity, weight } = this.#ring.slots[slot] as WeightedMember
    this.#slots[slot] = undefined
    this.#points(this.#removed, identity, slot, 0, pointCount(weight, this.#halvings))
  }

  #add(slot: number, member: WeightedMember): void {
    this.#slots[slot] = member
    this.#named[slot] = member
    this.#points(this.#added, member.identity, slot, 0, pointCount(member.weight, this.#halvings))
  }

  #points(into: Span[], identity: string, slot: number, from: number, to: number): void {
    if (from >= to) return
    into.push({ identity, slot, from, to })
    this.size += to - from
  }
}
