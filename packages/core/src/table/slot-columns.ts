/**
 * Columns of numbers, a row for each slot, in segments of equal size that are allocated one by one: a table grows without
 * copying what it holds. A row is `rowBytes` long; `words` and `numbers` show the same bytes, so that all that one
 * operation reads of a slot lies together. Rows are zero when their segment is made.
 */
export class SlotColumns {
  readonly words: Int32Array[] = []
  readonly numbers: Float64Array[] = []
  /** `slot >>> shift` = its segment. */
  readonly shift: number
  /** `slot & mask` = its row there. */
  readonly mask: number
  readonly rowWords: number
  readonly rowNumbers: number
  readonly #segmentBytes: number

  constructor(rowBytes: number, segmentBits: number) {
    this.shift = segmentBits
    this.mask = 2 ** segmentBits - 1
    this.rowWords = rowBytes / 4
    this.rowNumbers = rowBytes / 8
    this.#segmentBytes = rowBytes * 2 ** segmentBits
  }

  /** Makes the segments up to that of `slot`. */
  reach(slot: number): void {
    while (this.words.length <= slot >>> this.shift) {
      const bytes = new ArrayBuffer(this.#segmentBytes)
      this.words.push(new Int32Array(bytes))
      if (this.rowNumbers >= 1) this.numbers.push(new Float64Array(bytes))
    }
  }
}

/** One number for some slots: segments are made when a slot there gets its number. Absent = NaN. */
export class SparseColumn {
  readonly #segments: (Float64Array | undefined)[] = []
  readonly #shift: number
  readonly #mask: number

  constructor(segmentBits: number) {
    this.#shift = segmentBits
    this.#mask = 2 ** segmentBits - 1
  }

  at(slot: number): number {
    if (this.#segments.length === 0) return Number.NaN
    const segment = this.#segments[slot >>> this.#shift]
    return segment === undefined ? Number.NaN : (segment[slot & this.#mask] as number)
  }

  set(slot: number, value: number): void {
    const index = slot >>> this.#shift
    while (this.#segments.length <= index) this.#segments.push(undefined)
    this.#segments[index] ??= new Float64Array(this.#mask + 1).fill(Number.NaN)
    this.#segments[index][slot & this.#mask] = value
  }

  unset(slot: number): void {
    const segment = this.#segments[slot >>> this.#shift]
    if (segment !== undefined) segment[slot & this.#mask] = Number.NaN
  }
}
