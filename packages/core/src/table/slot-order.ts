import type { SlotColumns } from './slot-columns.ts'

/**
 * Slots in order from oldest to newest, as a ring through two words of each row. Every operation takes constant time, at
 * any length. A list begins and ends at its *head*, a slot that holds nothing else: slot 0 for the table's own list;
 * a restore makes others. So a slot leaves whichever list it is in without knowing it.
 */
export class SlotOrder {
  readonly #columns: SlotColumns
  readonly #newer: number
  readonly #older: number

  /** @param newer, older - the words of a row that hold the links */
  constructor(columns: SlotColumns, newer: number, older: number) {
    this.#columns = columns
    this.#newer = newer
    this.#older = older
  }

  /** Makes `head` an empty list. A zeroed row 0 is one already. */
  begin(head: number): void {
    this.#link(head, head)
  }

  /** The next newer slot; of a head, the oldest. The head itself at the end. */
  newerThan(slot: number): number {
    const { words, shift, mask, rowWords } = this.#columns
    return (words[slot >>> shift] as Int32Array)[(slot & mask) * rowWords + this.#newer] as number
  }

  /** The next older slot; of a head, the newest. The head itself at the end. */
  olderThan(slot: number): number {
    const { words, shift, mask, rowWords } = this.#columns
    return (words[slot >>> shift] as Int32Array)[(slot & mask) * rowWords + this.#older] as number
  }

  /** Puts a slot that is in no list at the newest end. */
  add(slot: number, head = 0): void {
    this.#link(this.olderThan(head), slot)
    this.#link(slot, head)
  }

  remove(slot: number): void {
    this.#link(this.olderThan(slot), this.newerThan(slot))
  }

  /**
   * Moves a slot from whichever list it is in to the newest end of the table's own. The same as `remove` and `add`, but
   * every hit does it: each of the four rows is found once.
   */
  toNewest(slot: number): void {
    const { words, shift, mask, rowWords } = this.#columns
    this.toNewestFrom(slot, words[slot >>> shift] as Int32Array, (slot & mask) * rowWords)
  }

  /** As `toNewest`, for who has found the row of the slot already. */
  toNewestFrom(slot: number, own: Int32Array, row: number): void {
    const toNewer = this.#newer
    const newer = own[row + toNewer] as number
    if (newer === 0) return
    const { words, shift, mask, rowWords } = this.#columns
    const toOlder = this.#older
    const older = own[row + toOlder] as number
    ;(words[newer >>> shift] as Int32Array)[(newer & mask) * rowWords + toOlder] = older
    ;(words[older >>> shift] as Int32Array)[(older & mask) * rowWords + toNewer] = newer
    const head = words[0] as Int32Array
    const newest = head[toOlder] as number
    head[toOlder] = slot
    own[row + toNewer] = 0
    own[row + toOlder] = newest
    ;(words[newest >>> shift] as Int32Array)[(newest & mask) * rowWords + toNewer] = slot
  }

  /** Puts all slots of one list, in their order, at the oldest end of another; the first is then empty. */
  splice(from: number, head = 0): void {
    const oldest = this.newerThan(from)
    if (oldest === from) return
    this.#link(this.olderThan(from), this.newerThan(head))
    this.#link(head, oldest)
    this.begin(from)
  }

  #link(older: number, newer: number): void {
    const { words, shift, mask, rowWords } = this.#columns
    ;(words[older >>> shift] as Int32Array)[(older & mask) * rowWords + this.#newer] = newer
    ;(words[newer >>> shift] as Int32Array)[(newer & mask) * rowWords + this.#older] = older
  }
}
