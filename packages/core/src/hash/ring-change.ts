import { checkMember, duplicate, type Member, type WeightedMember } from './member.ts'
import type { Span } from './member-points.ts'
import { mergePoints } from './merge-points.ts'
import type { Ring } from './ring.ts'
import { pointCount, type RingPoints, type Slots } from './ring-points.ts'

/** New members up to this number are looked for among all the others one by one: a map of those would take longer. */
const FEW = 8

/**
 * Another set of members for a ring: what of its points comes and goes. Lists that begin and end alike, as they do where one
 * member has changed, cost a comparison for each member, and only what lies between is looked up.
 */
export class RingChange {
  readonly #ring: Ring
  readonly #halvings: number
  readonly #list: readonly Member[]
  readonly #taken: WeightedMember[]
  readonly #removed: Span[] = []
  readonly #added: Span[] = []
  /** Points that come or go. */
  size = 0
  /** Members by slot, as they are afterwards. */
  readonly #slots: (WeightedMember | undefined)[]
  /** The same with those that go: their points are still to be found. */
  readonly #named: (WeightedMember | undefined)[]
  readonly #slotOfMember: Uint32Array

  /** @throws StickyError `invalid-option`, `duplicate-identity` */
  constructor(ring: Ring, halvings: number, members: Iterable<Member>) {
    this.#ring = ring
    this.#halvings = halvings
    this.#list = [...members]
    this.#taken = new Array<WeightedMember>(this.#list.length)
    // A spread, since slice() of a frozen array takes a hundred times as long.
    this.#slots = [...ring.slots]
    this.#named = [...ring.slots]
    this.#slotOfMember = new Uint32Array(this.#list.length)
    this.#compare()
    Object.freeze(this.#taken)
  }

  /** The members of the other set, checked. */
  get members(): readonly WeightedMember[] {
    return this.#taken
  }

  merged(): { readonly points: RingPoints; readonly slots: Slots; readonly slotOfMember: Uint32Array } {
    const { points: before, seed } = this.#ring
    const rest = { slots: this.#slots, slotOfMember: this.#slotOfMember }
    if (this.size === 0) return { points: before, ...rest }
    return { points: mergePoints(before, this.#named, this.#removed, this.#added, seed), ...rest }
  }

  #compare(): void {
    const list = this.#list
    const { members: before, slotOfMember } = this.#ring
    const isSame = (index: number, other: number) => list[index]?.identity === before[other]?.identity
    let start = 0
    let end = list.length
    let endBefore = before.length
    while (start < end && start < endBefore && isSame(start, start)) start++
    while (start < end && start < endBefore && isSame(end - 1, endBefore - 1)) {
      end--
      endBefore--
    }
    for (let index = 0; index < start; index++) this.#keep(slotOfMember[index] as number, index)
    this.#compareBetween(start, end, endBefore)
    const shift = endBefore - end
    for (let index = end; index < list.length; index++) {
      this.#keep(slotOfMember[index + shift] as number, index)
    }
  }

  /** Compares the members from `start` to `end` with those from `start` to `endBefore`; around them both lists are alike. */
  #compareBetween(start: number, end: number, endBefore: number): void {
    const { members: before, slotOfMember } = this.#ring
    const slots = new Map<string, number>()
    for (let index = start; index < endBefore; index++) {
      slots.set((before[index] as WeightedMember).identity, slotOfMember[index] as number)
    }
    const indexes = new Map<string, number>()
    const fresh: number[] = []
    for (let index = start; index < end; index++) {
      const { identity } = this.#list[index] as Member
      const twin = indexes.get(identity)
      if (twin !== undefined) throw duplicate('with.members', twin, index, identity)
      indexes.set(identity, index)
      const slot = slots.get(identity)
      if (slot === undefined) {
        fresh.push(index)
        continue
      }
      slots.delete(identity)
      this.#keep(slot, index)
    }
    this.#refuseTwins(fresh, start, end)
    const free = fresh.length === 0 ? [] : freeSlots(this.#ring.slots)
    for (const slot of slots.values()) this.#drop(slot)
    // The slots of those that go now are not among the free ones: their points are found by them until all is merged.
    for (const index of fresh) this.#add(free.pop() ?? this.#slots.length, index)
  }

  /** Refuses new members that are also among those around. */
  #refuseTwins(fresh: readonly number[], start: number, end: number): void {
    const list = this.#list
    const known = fresh.length > FEW ? this.#ring.slotByIdentity : undefined
    for (const index of fresh) {
      const { identity } = list[index] as Member
      if (known && !known.has(identity)) continue
      for (let other = 0; other < list.length; other++) {
        if (other === start) other = end
        if (list[other]?.identity !== identity || other >= list.length) continue
        throw duplicate('with.members', Math.min(index, other), Math.max(index, other), identity)
      }
    }
  }

  #keep(slot: number, index: number): void {
    const before = this.#ring.slots[slot] as WeightedMember
    const member = this.#list[index] as Member
    this.#slotOfMember[index] = slot
    this.#taken[index] = before
    if ((member.weight ?? 1) === before.weight) return
    const after = checkMember('with.members', index, member)
    const had = pointCount(before.weight, this.#halvings)
    const has = pointCount(after.weight, this.#halvings)
    this.#slots[slot] = after
    this.#taken[index] = after
    this.#points(this.#removed, after.identity, slot, has, had)
    this.#points(this.#added, after.identity, slot, had, has)
  }

  #drop(slot: number): void {
    const { identity, weight } = this.#ring.slots[slot] as WeightedMember
    this.#slots[slot] = undefined
    this.#points(this.#removed, identity, slot, 0, pointCount(weight, this.#halvings))
  }

  #add(slot: number, index: number): void {
    const member = checkMember('with.members', index, this.#list[index] as Member)
    this.#slots[slot] = member
    this.#named[slot] = member
    this.#taken[index] = member
    this.#slotOfMember[index] = slot
    this.#points(this.#added, member.identity, slot, 0, pointCount(member.weight, this.#halvings))
  }

  #points(into: Span[], identity: string, slot: number, from: number, to: number): void {
    if (from >= to) return
    into.push({ identity, slot, from, to })
    this.size += to - from
  }
}

function freeSlots(slots: Slots): number[] {
  const free: number[] = []
  for (let slot = 0; slot < slots.length; slot++) if (slots[slot] === undefined) free.push(slot)
  return free
}
