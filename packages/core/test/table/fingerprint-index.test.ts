import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FingerprintIndex } from '../../src/table/fingerprint-index.ts'
import { SlotColumns } from '../../src/table/slot-columns.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

type Fingerprint = readonly [first: number, second: number, third: number]

const ROW_BYTES = 16

/** An index beside the plainest one, over rows that hold the fingerprints. */
class Checked {
  readonly #columns = new SlotColumns(ROW_BYTES, 4)
  readonly #index: FingerprintIndex
  readonly #slots = new Map<string, number>()
  readonly #free: number[] = []
  #end = 1

  constructor(bucketBits: number) {
    this.#index = new FingerprintIndex(this.#columns, bucketBits)
    this.#columns.reach(0)
  }

  get size(): number {
    return this.#slots.size
  }

  add(fingerprint: Fingerprint): void {
    if (this.#slots.has(fingerprint.join())) return
    const slot = this.#free.pop() ?? this.#end++
    this.#columns.reach(slot)
    const { words, shift, mask, rowWords } = this.#columns
    words[slot >>> shift]?.set(fingerprint, (slot & mask) * rowWords)
    this.#index.add(slot)
    this.#slots.set(fingerprint.join(), slot)
  }

  remove(fingerprint: Fingerprint): void {
    const slot = this.#slots.get(fingerprint.join())
    if (slot === undefined) return
    this.#index.remove(slot)
    this.#slots.delete(fingerprint.join())
    this.#free.push(slot)
  }

  check(fingerprint: Fingerprint): void {
    expect(this.#index.find(...fingerprint)).toBe(this.#slots.get(fingerprint.join()) ?? 0)
  }

  checkAll(): void {
    for (const [key, slot] of this.#slots) {
      const [first = 0, second = 0, third = 0] = key.split(',').map(Number)
      expect(this.#index.find(first, second, third)).toBe(slot)
    }
  }
}

/** Few values each, so that shards, buckets, places and tags are shared, and only the third word tells some apart. */
const crowded: fc.Arbitrary<Fingerprint> = fc.tuple(
  fc.nat(7).map((bits) => (bits << 29) | 0),
  fc.tuple(fc.nat(1), fc.nat(3)).map(([tag, bucket]) => (tag << 27) | bucket),
  fc.nat(5),
)

const step = fc.record({ what: fc.constantFrom('add', 'add', 'remove', 'find'), fingerprint: crowded })

describe('FingerprintIndex', () => {
  it.each([2, 3, 4])(
    'finds what it holds and nothing else, crowded in shards of 2^%d buckets',
    (bucketBits) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
          const checked = new Checked(bucketBits)
          for (const { what, fingerprint } of steps) {
            if (what === 'add') checked.add(fingerprint)
            else if (what === 'remove') checked.remove(fingerprint)
            checked.check(fingerprint)
          }
          checked.checkAll()
        }),
        { numRuns: 200 },
      )
    },
  )

  it.each([0, 1, 3, 8])(
    'loses nothing while shards of 2^%d buckets split, and while it empties',
    (bucketBits) => {
      const random = fakeRandom(bucketBits + 1)
      const word = () => Math.floor(random() * 2 ** 32) | 0
      const checked = new Checked(bucketBits)
      const all = Array.from({ length: 20_000 }, (): Fingerprint => [word(), word(), word()])
      for (const fingerprint of all) checked.add(fingerprint)
      checked.checkAll()
      for (const [index, fingerprint] of all.entries()) if (index % 3 > 0) checked.remove(fingerprint)
      for (const fingerprint of all) checked.check(fingerprint)
      for (const fingerprint of all) checked.remove(fingerprint)
      expect(checked.size).toBe(0)
      for (const fingerprint of all) checked.check(fingerprint)
      for (const fingerprint of all.slice(0, 5_000)) checked.add(fingerprint)
      checked.checkAll()
    },
  )

  it('goes on after buckets overflowed and were emptied many times', () => {
    const checked = new Checked(2)
    // All of one bucket and one place of its own: they fill it and pass by into the next ones.
    const same = Array.from({ length: 40 }, (_, third): Fingerprint => [third << 26, 1, third])
    for (let round = 0; round < 50; round++) {
      for (const fingerprint of same) checked.add(fingerprint)
      checked.checkAll()
      for (const fingerprint of round % 2 === 0 ? same : same.toReversed()) checked.remove(fingerprint)
      for (const fingerprint of same) checked.check(fingerprint)
    }
  })

  it('asks whose slot it is where the keys themselves are kept', () => {
    const columns = new SlotColumns(ROW_BYTES, 4)
    columns.reach(2)
    for (const slot of [1, 2]) columns.words[0]?.set([7, 7, 7], slot * columns.rowWords)
    let sought = 2
    const index = new FingerprintIndex(columns, 2, (slot) => slot === sought)
    index.add(1)
    index.add(2)
    expect(index.find(7, 7, 7)).toBe(2)
    sought = 1
    expect(index.find(7, 7, 7)).toBe(1)
    sought = 3
    expect(index.find(7, 7, 7)).toBe(0)
  })
})
