import type { SlotColumns } from './slot-columns.ts'

/** The first words of a row in every indexed column: the fingerprint of its key. */
export const FINGERPRINT_WORDS = 3

/** A bucket is one cache line of 16 words: its head, then 15 places for entries; an empty place is 0. */
const BUCKET_BITS = 4
const BUCKET_ENTRIES = 15
/** Head of a bucket: entries in the low byte; above it, how many entries passed by because it was full. */
const ENTRIES = 0xff
const PASSED_BY = 0x100
/** An entry is a slot, and above it 5 bits of the fingerprint: 31 of 32 foreign slots need not be read. */
const SLOT_BITS = 27
const SLOT = 2 ** SLOT_BITS - 1
const TAG = ~SLOT
/** A shard splits when 13 of its 15 places are taken on average; a bucket then passes by one key in four. */
const SPLIT_AT = 13
/** A directory of 2^26 shards, of which a full table has fewer than 2^16. */
const DEEPEST = 26

/**
 * Fingerprint → slot, by extendible hashing (Fagin et al., 1979): a directory leads to shards of fixed size, and a full
 * shard splits in two. So no operation ever moves more than one shard's entries, at any size of the table. Inside a
 * shard, buckets count the keys that passed them by (as in Facebook's F14), so that a removal leaves no mark behind and
 * reads no other slot.
 *
 * Fingerprints are random bits: the first word chooses the shard, the second the bucket and the tag.
 */
export class FingerprintIndex {
  readonly #columns: SlotColumns
  readonly #accepts: ((slot: number) => boolean) | undefined
  readonly #bucketMask: number
  /** Words of a shard; behind them stand its number of entries and its depth. */
  readonly #shardWords: number
  #directory: Int32Array[]
  /** `first >>> 1 >>> directoryShift` = place in the directory; a shift by 32 would be one by 0. */
  #directoryShift = 31

  /**
   * @param bucketBits - a shard has 2^bucketBits buckets; the default, 8, is 16 KiB and splits within 0.3 ms
   * @param accepts - for keys kept exactly: whether a slot of the fingerprint sought is that of the key sought
   */
  constructor(columns: SlotColumns, bucketBits = 8, accepts?: (slot: number) => boolean) {
    this.#columns = columns
    this.#accepts = accepts
    this.#bucketMask = 2 ** bucketBits - 1
    this.#shardWords = 2 ** (bucketBits + BUCKET_BITS)
    this.#directory = [this.#shard(0)]
  }

  /**
   * The slot of a fingerprint, 0 if there is none. Most entries stand in their own place: to look there first spares the
   * walk, whose length no processor foresees.
   */
  find(first: number, second: number, third: number): number {
    const shard = this.#directory[(first >>> 1) >>> this.#directoryShift] as Int32Array
    const home = second & this.#bucketMask
    const entry = shard[(home << BUCKET_BITS) + ownPlace(second)] as number
    if (((entry ^ second) & TAG) === 0 && this.#isOf(entry & SLOT, first, second, third)) return entry & SLOT
    return this.#walk(shard, home, first, second, third)
  }

  #walk(shard: Int32Array, home: number, first: number, second: number, third: number): number {
    let bucket = home
    do {
      const base = bucket << BUCKET_BITS
      const end = base + BUCKET_ENTRIES
      for (let at = base + 1; at <= end; at++) {
        const entry = shard[at] as number
        if (((entry ^ second) & TAG) !== 0) continue
        if (this.#isOf(entry & SLOT, first, second, third)) return entry & SLOT
      }
      if ((shard[base] as number) < PASSED_BY) return 0
      bucket = (bucket + 1) & this.#bucketMask
    } while (bucket !== home)
    return 0
  }

  #isOf(slot: number, first: number, second: number, third: number): boolean {
    const { words, shift, mask, rowWords } = this.#columns
    const segment = words[slot >>> shift] as Int32Array
    const row = (slot & mask) * rowWords
    if (segment[row] !== first || segment[row + 1] !== second || segment[row + 2] !== third) return false
    // An empty place leads to slot 0, whose row is all zero: as a fingerprint may be.
    return slot !== 0 && (this.#accepts === undefined || this.#accepts(slot))
  }

  /** Adds a slot whose fingerprint stands in its row already. */
  add(slot: number): void {
    const [first, second] = this.#fingerprint(slot)
    let shard = this.#directory[(first >>> 1) >>> this.#directoryShift] as Int32Array
    while ((shard[this.#shardWords] as number) >= SPLIT_AT * (this.#bucketMask + 1)) {
      this.#split(first, shard)
      shard = this.#directory[(first >>> 1) >>> this.#directoryShift] as Int32Array
    }
    this.#place(shard, second, slot)
  }

  /** Takes out a slot whose fingerprint still stands in its row. */
  remove(slot: number): void {
    const [first, second] = this.#fingerprint(slot)
    const shard = this.#directory[(first >>> 1) >>> this.#directoryShift] as Int32Array
    const entry = (second & TAG) | slot
    let bucket = second & this.#bucketMask
    for (;;) {
      const base = bucket << BUCKET_BITS
      const last = base + BUCKET_ENTRIES
      let at = base + 1
      while (at <= last && shard[at] !== entry) at++
      if (at <= last) {
        shard[at] = 0
        shard[base] = (shard[base] as number) - 1
        shard[this.#shardWords] = (shard[this.#shardWords] as number) - 1
        return
      }
      shard[base] = (shard[base] as number) - PASSED_BY
      bucket = (bucket + 1) & this.#bucketMask
    }
  }

  #fingerprint(slot: number): readonly [first: number, second: number] {
    const { words, shift, mask, rowWords } = this.#columns
    const segment = words[slot >>> shift] as Int32Array
    const row = (slot & mask) * rowWords
    return [segment[row] as number, segment[row + 1] as number]
  }

  #shard(depth: number): Int32Array {
    const shard = new Int32Array(this.#shardWords + 2)
    shard[this.#shardWords + 1] = depth
    return shard
  }

  #place(shard: Int32Array, second: number, slot: number): void {
    let base = (second & this.#bucketMask) << BUCKET_BITS
    while (((shard[base] as number) & ENTRIES) === BUCKET_ENTRIES) {
      shard[base] = (shard[base] as number) + PASSED_BY
      base = (((base >>> BUCKET_BITS) + 1) & this.#bucketMask) << BUCKET_BITS
    }
    shard[base] = (shard[base] as number) + 1
    let at = base + ownPlace(second)
    if (shard[at] !== 0) for (at = base + 1; shard[at] !== 0; ) at++
    shard[at] = (second & TAG) | slot
    shard[this.#shardWords] = (shard[this.#shardWords] as number) + 1
  }

  /** Puts two shards in the place of a full one, by the next bit of the first word. */
  #split(first: number, full: Int32Array): void {
    const depth = full[this.#shardWords + 1] as number
    if (depth === DEEPEST) throw new RangeError('the fingerprints of a sticky table are not random')
    if (depth === 31 - this.#directoryShift) {
      this.#directory = this.#directory.flatMap((shard) => [shard, shard])
      this.#directoryShift--
    }
    const halves = [this.#shard(depth + 1), this.#shard(depth + 1)] as const
    for (let base = 0; base < this.#shardWords; base += BUCKET_ENTRIES + 1) {
      for (let at = base + 1; at <= base + BUCKET_ENTRIES; at++) {
        const slot = (full[at] as number) & SLOT
        if (slot === 0) continue
        const [itsFirst, itsSecond] = this.#fingerprint(slot)
        this.#place(halves[(itsFirst >>> (31 - depth)) & 1] as Int32Array, itsSecond, slot)
      }
    }
    const span = 2 ** (31 - this.#directoryShift - depth)
    const start = Math.floor(((first >>> 1) >>> this.#directoryShift) / span) * span
    this.#directory.fill(halves[0], start, start + span / 2)
    this.#directory.fill(halves[1], start + span / 2, start + span)
  }
}

/** The place in its bucket that an entry takes if it is free, 1 to 15, by bits that choose neither shard, bucket nor tag. */
function ownPlace(second: number): number {
  return 1 + ((((second >>> 12) & 0x7fff) * BUCKET_ENTRIES) >>> 15)
}
