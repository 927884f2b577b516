import type { BindingRows } from './binding-rows.ts'
import { nextTurn } from './slices.ts'
import type { SlotOrder } from './slot-order.ts'

/** Buckets of one pass: 2^12 heads, 192 KiB while a restore lasts; three hours in milliseconds take two passes. */
const MOST_DIGIT_BITS = 12
/** Relinking takes up to 0.3 us for each slot. */
const SLOTS_PER_TURN = 4_096

/**
 * The slots of restored bindings, which come in no order, until they stand in the order of their last use (and of their
 * creation, where the table keeps that). They lie in lists of their own meanwhile; a binding that is used or ended
 * leaves them as it would leave the table's own list.
 */
export class RestoredOrder {
  readonly #rows: BindingRows
  readonly #head: number
  readonly #heads: number[]
  #count = 0
  #earliest = Number.POSITIVE_INFINITY
  #latest = Number.NEGATIVE_INFINITY

  constructor(rows: BindingRows) {
    this.#rows = rows
    this.#heads = []
    this.#head = this.#takeHead()
  }

  add(slot: number): void {
    const { recency, creation } = this.#rows
    recency.add(slot, this.#head)
    creation?.add(slot, this.#head)
    this.#count++
    this.#earliest = Math.min(this.#earliest, this.#rows.createdAt(slot))
    this.#latest = Math.max(this.#latest, this.#rows.usedAt(slot))
  }

  /** A slot that is still in no order of use; 0 if there is none. */
  any(): number {
    for (const head of this.#heads) {
      const slot = this.#rows.recency.newerThan(head)
      if (slot !== head) return slot
    }
    return 0
  }

  /**
   * Puts the slots in order, in front of the table's own list at its oldest end. `goesOn` is asked after each turn of the
   * event loop.
   */
  async settle(goesOn: () => boolean): Promise<void> {
    const digitBits = Math.min(MOST_DIGIT_BITS, Math.max(1, Math.ceil(Math.log2(this.#count + 1))))
    while (this.#heads.length <= 2 ** digitBits) this.#takeHead()
    const { recency, creation } = this.#rows
    if (!(await this.#sort(recency, (slot) => this.#rows.usedAt(slot), digitBits, goesOn))) return
    recency.splice(this.#head)
    if (creation !== undefined) {
      if (!(await this.#sort(creation, (slot) => this.#rows.createdAt(slot), digitBits, goesOn))) return
      creation.splice(this.#head)
    }
    for (const head of this.#heads) this.#rows.give(head)
  }

  /** A radix sort, lowest digit first, which leaves the order of equal digits as it is (Knuth, TAOCP 3, 5.2.5). */
  async #sort(
    order: SlotOrder,
    timeOf: (slot: number) => number,
    digitBits: number,
    goesOn: () => boolean,
  ): Promise<boolean> {
    const [, ...buckets] = this.#heads
    const digits = 2 ** digitBits
    let done = 0
    for (let unit = 1; unit <= this.#latest - this.#earliest; unit *= digits) {
      for (let slot = order.newerThan(this.#head); slot !== this.#head; slot = order.newerThan(this.#head)) {
        order.remove(slot)
        const digit = Math.floor((timeOf(slot) - this.#earliest) / unit) % digits
        order.add(slot, buckets[digit] as number)
        if (++done % SLOTS_PER_TURN === 0) {
          await nextTurn()
          if (!goesOn()) return false
        }
      }
      for (const bucket of buckets.toReversed()) order.splice(bucket, this.#head)
    }
    return true
  }

  #takeHead(): number {
    const head = this.#rows.take()
    this.#rows.recency.begin(head)
    this.#rows.creation?.begin(head)
    this.#heads.push(head)
    return head
  }
}
