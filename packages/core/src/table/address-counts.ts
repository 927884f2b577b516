import { clientNetwork } from './client-network.ts'
import { FINGERPRINT_WORDS, FingerprintIndex } from './fingerprint-index.ts'
import type { HalfSipHash } from './half-sip-hash.ts'
import { SlotColumns } from './slot-columns.ts'

const COUNT: number = FINGERPRINT_WORDS
const ROW_BYTES = 16

/**
 * How many bindings each client address has. It holds what bindings point at and nothing else, so it is bounded by
 * them; addresses are kept as fingerprints, in an index of their own, because a `Map` of millions of them stops the
 * process whenever it grows.
 */
export class AddressCounts {
  readonly #hash: HalfSipHash
  readonly #columns: SlotColumns
  readonly #index: FingerprintIndex
  #free = 0
  #end = 1

  constructor(hash: HalfSipHash, segmentBits: number, bucketBits: number) {
    this.#hash = hash
    this.#columns = new SlotColumns(ROW_BYTES, segmentBits)
    // An empty place of the index is read as slot 0, also before the first address.
    this.#columns.reach(0)
    this.#index = new FingerprintIndex(this.#columns, bucketBits)
  }

  /** Bindings that an address has now. */
  count(address: string): number {
    const ordinal = this.#find(address)
    return ordinal === 0 ? 0 : this.#word(ordinal, COUNT)
  }

  /** The number of an address for one more binding of it. */
  retain(address: string): number {
    const ordinal = this.#find(address)
    const { first, second, third } = this.#hash
    return this.#retain(ordinal, first, second, third)
  }

  /** As `retain`, for an address of which only the fingerprint is known, from {@link fingerprintWord}. */
  retainFingerprint(first: number, second: number, third: number): number {
    return this.#retain(this.#index.find(first, second, third), first, second, third)
  }

  /** One binding less. */
  release(ordinal: number): void {
    const count = this.#word(ordinal, COUNT) - 1
    if (count > 0) return this.#setWord(ordinal, COUNT, count)
    this.#index.remove(ordinal)
    this.#setWord(ordinal, COUNT, this.#free)
    this.#free = ordinal
  }

  fingerprintWord(ordinal: number, word: number): number {
    return this.#word(ordinal, word)
  }

  #find(address: string): number {
    this.#hash.read(clientNetwork(address))
    return this.#index.find(this.#hash.first, this.#hash.second, this.#hash.third)
  }

  #retain(known: number, first: number, second: number, third: number): number {
    if (known !== 0) {
      this.#setWord(known, COUNT, this.#word(known, COUNT) + 1)
      return known
    }
    const ordinal = this.#take()
    this.#setWord(ordinal, 0, first)
    this.#setWord(ordinal, 1, second)
    this.#setWord(ordinal, 2, third)
    this.#setWord(ordinal, COUNT, 1)
    this.#index.add(ordinal)
    return ordinal
  }

  #take(): number {
    const ordinal = this.#free
    if (ordinal !== 0) {
      this.#free = this.#word(ordinal, COUNT)
      return ordinal
    }
    this.#columns.reach(this.#end)
    return this.#end++
  }

  #word(ordinal: number, column: number): number {
    const { words, shift, mask, rowWords } = this.#columns
    return (words[ordinal >>> shift] as Int32Array)[(ordinal & mask) * rowWords + column] as number
  }

  #setWord(ordinal: number, column: number, value: number): void {
    const { words, shift, mask, rowWords } = this.#columns
    ;(words[ordinal >>> shift] as Int32Array)[(ordinal & mask) * rowWords + column] = value
  }
}
