import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { FINGERPRINT_WORDS, FingerprintIndex } from '../../src/table/fingerprint-index.ts'
import { SlotColumns } from '../../src/table/slot-columns.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

type Words = readonly [first: number, second: number, third: number]

/** An index beside a plain map, both fed with the same slots. */
class Pair {
  readonly columns: SlotColumns = new SlotColumns(4 * FINGERPRINT_WORDS + 4, 3)
  readonly index: FingerprintIndex
  readonly model = new Map<string, { readonly slot: number; readonly words: Words }>()
  readonly #free: number[] = []
  #end = 1

  constructor(bucketBits?: number) {
    this.columns.reach(0)
    this.index = new FingerprintIndex(this.columns, bucketBits)
  }

  add(words: Words): void {
    const name = words.join()
    if (this.model.has(name)) return
    const slot = this.#free.pop() ?? this.#end++
    this.write(slot, words)
    this.index.add(slot)
    this.model.set(name, { slot, words })
  }

  remove(words: Words): void {
    const known = this.model.get(words.join())
    if (known === undefined) return
    this.index.remove(known.slot)
    this.#free.push(known.slot)
    this.model.delete(words.join())
  }

  write(slot: number, words: Words): void {
    this.columns.reach(slot)
    const { words: segments, shift, mask, rowWords } = this.columns
    segments[slot >>> shift]?.set(words, (slot & mask) * rowWords)
  }

  /** Finds all that is there, and nothing of what is not. */
  check(absent: Iterable<Words>): void {
    for (const { slot, words } of this.model.values()) {
      const found = this.index.find(...words)
      if (found !== slot) expect.fail(`${words} should be found at ${slot}, not ${found}`)
    }
    for (const words of absent) {
      const found = this.model.has(words.join()) ? 0 : this.index.find(...words)
      if (found !== 0) expect.fail(`${words} should not be found, and is at ${found}`)
    }
  }
}

/** Bits that choose: the shard (all of the first word); of the second the bucket, the own place and the tag. */
const firsts = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(-(2 ** 31), -1, 2 ** 31 - 1, 1 << 30, 1 << 29) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
)
const seconds = fc
  .record({
    bucket: fc.nat(15),
    place: fc.constantFrom(0, 0x3fff, 0x7fff),
    tag: fc.constantFrom(0, 1, 16, 31),
  })
  .map(({ bucket, place, tag }) => bucket | (place << 12) | (tag << 27))
const thirds = fc.oneof(fc.nat(3), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))

describe('FingerprintIndex', () => {
  it.each([0, 1, 2, 3, 8])('holds what a map holds, with 2^%d buckets in a shard', (bucketBits) => {
    const random = fakeRandom(bucketBits + 1)
    const word = () => Math.floor(random() * 2 ** 32) | 0
    const pair = new Pair(bucketBits)
    const all: Words[] = Array.from({ length: 3_000 }, () => [word(), word(), word()])
    for (let step = 0; step < 12_000; step++) {
      const words = all[Math.floor(random() * all.length)] as Words
      // Grows at first, shrinks at last.
      if (random() < (step < 6_000 ? 0.8 : 0.3)) pair.add(words)
      else pair.remove(words)
      if (step % 1_000 === 999) pair.check(all)
    }
    for (const words of all) pair.remove(words)
    pair.check(all)
    for (const words of all) pair.add(words)
    pair.check(all)
  })

  it('holds what a map holds, whatever the fingerprints have in common', () => {
    const action = fc.record({ isAdd: fc.boolean(), words: fc.tuple(firsts, seconds, thirds) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: 'max' }), fc.nat(3), (actions, bucketBits) => {
        const pair = new Pair(bucketBits)
        // More of one first word than a shard takes cannot be split; see below.
        const most = 13 * 2 ** bucketBits
        const ofFirst = (first: number) =>
          [...pair.model.values()].filter(({ words }) => words[0] >> 20 === first >> 20)
        for (const { isAdd, words } of actions) {
          if (!isAdd) pair.remove(words)
          else if (ofFirst(words[0]).length < most) pair.add(words)
        }
        pair.check(actions.map(({ words }) => words))
      }),
      { numRuns: 200 },
    )
  })

  it.each([0, 1, 2, 3])(
    'holds a shard of one bucket, one tag and one own place each, with 2^%d buckets',
    (bits) => {
      const pair = new Pair(bits)
      const alike: Words[] = Array.from({ length: 13 * 2 ** bits }, (_, index) => [5, 3, index + 1])
      for (const words of alike) pair.add(words)
      pair.check([
        [5, 3, 0],
        [5, 3, -1],
        [4, 3, 1],
        [5, 2, 1],
      ])
      for (const words of alike.filter((_, index) => index % 3 === 0)) pair.remove(words)
      pair.check(alike)
      for (const words of alike) pair.add(words)
      pair.check([])
    },
  )

  it('splits as deep as first words that begin alike demand', () => {
    const pair = new Pair(0)
    const [near, far]: Words[][] = [[], []]
    for (let index = 0; index < 13; index++) {
      near?.push([0x1234_0000 | index, index, 1])
      far?.push([0x1234_8000 | index, index, 2])
    }
    for (const words of [...(near as Words[]), ...(far as Words[])]) pair.add(words)
    pair.check([[0x1234_4000, 0, 1]])
    // Shards of other beginnings were never touched by it.
    for (let index = 0; index < 200; index++) pair.add([index << 24, index, index])
    pair.check([])
  })

  it('counts the passed by back to nothing: a full bucket that was emptied costs no walk', () => {
    // What passed by stays unseen from outside, but for the rows that a look-up reads: those of the next buckets.
    let read = 0
    const columns = new SlotColumns(16, 3)
    columns.reach(0)
    const words = new Proxy(columns.words, {
      get(target, property) {
        read++
        return Reflect.get(target, property)
      },
    })
    Object.defineProperty(columns, 'words', { value: words })
    const index = new FingerprintIndex(columns, 1)
    const write = (slot: number, ...fingerprint: Words) => {
      columns.reach(slot)
      columns.words[slot >>> 3]?.set(fingerprint, (slot & 7) * 4)
    }
    // 15 fill bucket 0; two pass it by; three more are at home in bucket 1, all with one tag.
    for (let slot = 1; slot <= 20; slot++) write(slot, 7, slot <= 17 ? 0 : 1, slot)
    for (let slot = 1; slot <= 20; slot++) index.add(slot)
    for (const slot of [16, 17]) expect(index.find(7, 0, slot)).toBe(slot)
    const reads = (run: () => void): number => {
      read = 0
      run()
      return read
    }
    const before = reads(() => expect(index.find(7, 0, 99)).toBe(0))
    expect(before).toBeGreaterThanOrEqual(20)
    // In the order of adding, so that those who passed by outlive those who did not.
    for (let slot = 1; slot <= 15; slot++) index.remove(slot)
    for (const slot of [16, 17]) expect(index.find(7, 0, slot)).toBe(slot)
    for (const slot of [16, 17]) index.remove(slot)
    // Own place: one read of row 0; then the fifteen empty places of bucket 0, none of bucket 1.
    expect(reads(() => expect(index.find(7, 0, 99)).toBe(0))).toBe(16)
  })

  it('does not split shards for keys that come and go', () => {
    let read = 0
    const columns = new SlotColumns(16, 6)
    columns.reach(0)
    const words = new Proxy(columns.words, {
      get(target, property) {
        read++
        return Reflect.get(target, property)
      },
    })
    Object.defineProperty(columns, 'words', { value: words })
    const index = new FingerprintIndex(columns, 0)
    for (let round = 0; round < 500; round++) {
      const slot = 1 + (round % 10)
      if (round >= 10) index.remove(slot)
      columns.words[0]?.set([round << 20, round, round], slot * 4)
      read = 0
      index.add(slot)
      // The fingerprint of the slot itself; a split would read those of all others.
      expect(read).toBe(1)
    }
  })

  it('keeps slots of one fingerprint apart by the key, where keys are kept', () => {
    const columns = new SlotColumns(16, 2)
    columns.reach(40)
    let sought = 0
    const index = new FingerprintIndex(columns, 0, (slot) => slot === sought)
    for (let slot = 1; slot <= 12; slot++) {
      columns.words[slot >>> 2]?.set([1, 2, 3], (slot & 3) * 4)
      index.add(slot)
    }
    for (sought = 1; sought <= 12; sought++) expect(index.find(1, 2, 3)).toBe(sought)
    sought = 13
    expect(index.find(1, 2, 3)).toBe(0)
    index.remove(5)
    sought = 5
    expect(index.find(1, 2, 3)).toBe(0)
    sought = 6
    expect(index.find(1, 2, 3)).toBe(6)
  })

  it('grows to many shards of the usual size without losing a slot', () => {
    const random = fakeRandom(3)
    const pair = new Pair()
    const word = () => Math.floor(random() * 2 ** 32) | 0
    for (let index = 0; index < 40_000; index++) pair.add([word(), word(), word()])
    pair.check(Array.from({ length: 20_000 }, () => [word(), word(), word()] as const))
  })
})
