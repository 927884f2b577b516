import { FINGERPRINT_WORDS } from './fingerprint-index.ts'
import { SlotColumns, SparseColumn } from './slot-columns.ts'
import { SlotOrder } from './slot-order.ts'

/** The columns of a binding, 48 bytes: six words, then three numbers (whose places count from the row's beginning). */
export const IDENTITY: number = FINGERPRINT_WORDS
const NEWER = 4
const OLDER = 5
export const USED_AT = 3
export const CREATED_AT = 4
export const VERSION = 5
const ROW_BYTES = 48

/** A segment of 2^14 rows is 768 KiB; an empty table has one, of which the system gives only the pages that are used. */
export const SEGMENT_BITS = 14

/**
 * The rows of a table's bindings, by slot. Slot 0 is the head of both orders and holds no binding. A slot that holds none
 * has the identity 0; free ones are threaded through the link to the older.
 */
export class BindingRows {
  readonly columns: SlotColumns
  /** By last use; so by idle timeout, too. */
  readonly recency: SlotOrder
  /** By creation; only where there is an absolute timeout. */
  readonly creation: SlotOrder | undefined
  /** When the binding was moved last; few are ever. */
  readonly movedAt: SparseColumn
  readonly #creationLinks: SlotColumns | undefined
  #free = 0
  #end = 1

  constructor(hasAbsoluteTimeout: boolean, segmentBits: number) {
    this.columns = new SlotColumns(ROW_BYTES, segmentBits)
    this.columns.reach(0)
    this.recency = new SlotOrder(this.columns, NEWER, OLDER)
    this.movedAt = new SparseColumn(segmentBits)
    if (hasAbsoluteTimeout) {
      this.#creationLinks = new SlotColumns(8, segmentBits)
      this.#creationLinks.reach(0)
      this.creation = new SlotOrder(this.#creationLinks, 0, 1)
    }
  }

  /** Slots below it have been taken once; a walk over all bindings ends here. */
  get end(): number {
    return this.#end
  }

  /** A slot that holds no binding. */
  take(): number {
    const slot = this.#free
    if (slot !== 0) {
      this.#free = this.recency.olderThan(slot)
      return slot
    }
    this.columns.reach(this.#end)
    this.#creationLinks?.reach(this.#end)
    return this.#end++
  }

  /** Gives back a slot that is in no order. */
  give(slot: number): void {
    const { words, shift, mask, rowWords } = this.columns
    const row = (slot & mask) * rowWords
    const segment = words[slot >>> shift] as Int32Array
    segment[row + IDENTITY] = 0
    segment[row + OLDER] = this.#free
    this.#free = slot
  }

  fill(
    slot: number,
    fingerprint: Fingerprint,
    identity: number,
    createdAt: number,
    usedAt: number,
    version: number,
  ): void {
    const { words, numbers, shift, mask, rowWords, rowNumbers } = this.columns
    const index = slot >>> shift
    const wordRow = (slot & mask) * rowWords
    const itsWords = words[index] as Int32Array
    itsWords[wordRow] = fingerprint.first
    itsWords[wordRow + 1] = fingerprint.second
    itsWords[wordRow + 2] = fingerprint.third
    itsWords[wordRow + IDENTITY] = identity
    const numberRow = (slot & mask) * rowNumbers
    const itsNumbers = numbers[index] as Float64Array
    itsNumbers[numberRow + USED_AT] = usedAt
    itsNumbers[numberRow + CREATED_AT] = createdAt
    itsNumbers[numberRow + VERSION] = version
    this.movedAt.unset(slot)
  }

  fingerprintWord(slot: number, word: number): number {
    return this.#word(slot, word)
  }

  /** The number of the identity; 0 = no binding. */
  identity(slot: number): number {
    return this.#word(slot, IDENTITY)
  }

  setIdentity(slot: number, identity: number): void {
    const { words, shift, mask, rowWords } = this.columns
    ;(words[slot >>> shift] as Int32Array)[(slot & mask) * rowWords + IDENTITY] = identity
  }

  usedAt(slot: number): number {
    return this.#number(slot, USED_AT)
  }

  setUsedAt(slot: number, usedAt: number): void {
    this.#setNumber(slot, USED_AT, usedAt)
  }

  createdAt(slot: number): number {
    return this.#number(slot, CREATED_AT)
  }

  version(slot: number): number {
    return this.#number(slot, VERSION)
  }

  setVersion(slot: number, version: number): void {
    this.#setNumber(slot, VERSION, version)
  }

  #word(slot: number, column: number): number {
    const { words, shift, mask, rowWords } = this.columns
    return (words[slot >>> shift] as Int32Array)[(slot & mask) * rowWords + column] as number
  }

  #number(slot: number, column: number): number {
    const { numbers, shift, mask, rowNumbers } = this.columns
    return (numbers[slot >>> shift] as Float64Array)[(slot & mask) * rowNumbers + column] as number
  }

  #setNumber(slot: number, column: number, value: number): void {
    const { numbers, shift, mask, rowNumbers } = this.columns
    ;(numbers[slot >>> shift] as Float64Array)[(slot & mask) * rowNumbers + column] = value
  }
}

/** The words of a fingerprint, as {@link HalfSipHash} leaves them. */
export interface Fingerprint {
  readonly first: number
  readonly second: number
  readonly third: number
}
