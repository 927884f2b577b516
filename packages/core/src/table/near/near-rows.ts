import { FINGERPRINT_WORDS } from '../fingerprint-index.ts'
import { SlotColumns } from '../slot-columns.ts'

/**
 * What is known of one key beside its binding, 48 bytes: four words, then four numbers (whose places count from the row's beginning).
 * The era and the mark of use share a word, `era * 2 + mark`. What a hit reads stands first.
 */
const ERA_AND_MARK: number = FINGERPRINT_WORDS
const QUIET_UNTIL = 2
const USED_AT = 3
const ASKED_AT = 4
const TOUCH_AT = 5
const ROW_BYTES = 48

/** A segment of 2^12 rows is 192 KiB. */
const SEGMENT_BITS = 12

/** The times of what is remembered, by slot. Slot 0 stands for none. */
export class NearRows {
  readonly columns: SlotColumns = new SlotColumns(ROW_BYTES, SEGMENT_BITS)

  constructor() {
    this.columns.reach(0)
  }

  fill(slot: number, first: number, second: number, third: number, era: number): void {
    this.columns.reach(slot)
    this.#words(slot).set([first, second, third, era << 1], this.#wordRow(slot))
    this.#numbers(slot).fill(0, this.#numberRow(slot) + QUIET_UNTIL, this.#numberRow(slot) + TOUCH_AT + 1)
  }

  /** Notes a use, if the slot is of this era and quiet still; answers whether it is. Each hit does it: the row is found once. */
  hit(slot: number, era: number, now: number): boolean {
    const { words, numbers, shift, mask, rowWords, rowNumbers } = this.columns
    const segment = slot >>> shift
    const itsWords = words[segment] as Int32Array
    const wordRow = (slot & mask) * rowWords
    const itsNumbers = numbers[segment] as Float64Array
    const numberRow = (slot & mask) * rowNumbers
    if ((itsWords[wordRow + ERA_AND_MARK] as number) >> 1 !== era) return false
    if (now >= (itsNumbers[numberRow + QUIET_UNTIL] as number)) return false
    itsWords[wordRow + ERA_AND_MARK] = (era << 1) | 1
    itsNumbers[numberRow + USED_AT] = now
    return true
  }

  use(slot: number, now: number): void {
    const words = this.#words(slot)
    const at = this.#wordRow(slot) + ERA_AND_MARK
    words[at] = (words[at] as number) | 1
    this.#set(slot, USED_AT, now)
  }

  /** Whether the slot was used since this was asked last. */
  takeMark(slot: number): boolean {
    const words = this.#words(slot)
    const at = this.#wordRow(slot) + ERA_AND_MARK
    const word = words[at] as number
    words[at] = word & ~1
    return (word & 1) !== 0
  }

  era(slot: number): number {
    return (this.#words(slot)[this.#wordRow(slot) + ERA_AND_MARK] as number) >> 1
  }

  setEra(slot: number, era: number): void {
    const words = this.#words(slot)
    const at = this.#wordRow(slot) + ERA_AND_MARK
    words[at] = (era << 1) | ((words[at] as number) & 1)
  }

  /** When the question was put that the binding is the answer to: what it says was so then, or later. */
  askedAt(slot: number): number {
    return this.#number(slot, ASKED_AT)
  }

  setAskedAt(slot: number, askedAt: number): void {
    this.#set(slot, ASKED_AT, askedAt)
  }

  /** When the key was last used here. */
  usedAt(slot: number): number {
    return this.#number(slot, USED_AT)
  }

  setUsedAt(slot: number, usedAt: number): void {
    this.#set(slot, USED_AT, usedAt)
  }

  /** From when on a use is told to the table. */
  touchAt(slot: number): number {
    return this.#number(slot, TOUCH_AT)
  }

  setTouchAt(slot: number, touchAt: number): void {
    this.#set(slot, TOUCH_AT, touchAt)
  }

  /** Until when the binding is served as it is, in its era. */
  setQuietUntil(slot: number, quietUntil: number): void {
    this.#set(slot, QUIET_UNTIL, quietUntil)
  }

  #words(slot: number): Int32Array {
    return this.columns.words[slot >>> this.columns.shift] as Int32Array
  }

  #wordRow(slot: number): number {
    return (slot & this.columns.mask) * this.columns.rowWords
  }

  #numbers(slot: number): Float64Array {
    return this.columns.numbers[slot >>> this.columns.shift] as Float64Array
  }

  #numberRow(slot: number): number {
    return (slot & this.columns.mask) * this.columns.rowNumbers
  }

  #number(slot: number, column: number): number {
    return this.#numbers(slot)[this.#numberRow(slot) + column] as number
  }

  #set(slot: number, column: number, value: number): void {
    this.#numbers(slot)[this.#numberRow(slot) + column] = value
  }
}
