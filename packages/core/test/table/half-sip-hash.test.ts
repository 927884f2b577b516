import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HalfSipHash, type HashSeed } from '../../src/table/half-sip-hash.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

/** HalfSipHash-2-4 to 32 bits of 0, 1 … 63 bytes 00, 01 …, key 00 … 07: the vectors of its authors. */
const PUBLISHED = [
  '5b9f35a9 b85a4727 03a662fa 04e7fe8a 89466e2a 69b6fac5 23fc6358 c563cf8b',
  '8f84b8d0 79e706f8 3479b094 50300808 2f87f057 ff63e677 7cf8ffd6 972bfe74',
  '84acb5d9 5b6474c4 9b8d5b46 87e3ef7b 45104de3 b3623f61 fe67f370 bdb8ade6',
  '630c4027 75787826 5f7b564f 69e6b03a 004064b0 b40f67ff 8b339e50 1a9f585d',
  '1221e7fe 59327533 8c4f436a 29b728fe ecc65ce7 548d7e69 0f8b6863 b4620b65',
  '4018bcb6 0545075d 2efd4224 3a86b77b 48d50577 b10852d7 c899d4b6 2e209208',
  'e32ce169 e580b58d c6649736 04026e01 d4f3853b be66dbfe 3a2a691e c08489c6',
  '40b9c5a5 8ce8e99b 4081bc7d c58e077c 736ce7d4 b9cb8f42 7a9983bd 744aea59',
]
  .join(' ')
  .split(' ')
  .map((word) => Number.parseInt(word, 16) | 0)

type State = [v0: number, v1: number, v2: number, v3: number]

const rotated = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits))

/** One round as the paper draws it. */
function round(state: State): void {
  let [v0, v1, v2, v3] = state
  v0 = (v0 + v1) | 0
  v1 = rotated(v1, 5) ^ v0
  v0 = rotated(v0, 16)
  v2 = (v2 + v3) | 0
  v3 = rotated(v3, 8) ^ v2
  v0 = (v0 + v3) | 0
  v3 = rotated(v3, 7) ^ v0
  v2 = (v2 + v1) | 0
  v1 = rotated(v1, 13) ^ v2
  v2 = rotated(v2, 16)
  state.splice(0, 4, v0, v1, v2, v3)
}

/** The state after these words. */
function compressed(
  key: readonly [number, number],
  words: readonly number[],
  rounds: number,
  variant = 0,
): State {
  const state: State = [key[0], key[1] ^ variant, key[0] ^ 0x6c796765, key[1] ^ 0x74656462]
  for (const word of words) {
    state[3] ^= word
    for (let i = 0; i < rounds; i++) round(state)
    state[0] ^= word
  }
  return state
}

function finished(state: State, rounds: number): State {
  state[2] ^= 0xff
  for (let i = 0; i < rounds; i++) round(state)
  return state
}

/** Little-endian words of the bytes from `from` on; of an incomplete one, what is there. */
function wordsOf(bytes: readonly number[], from = 0): number[] {
  const words: number[] = []
  for (let at = from; at < bytes.length; at++) {
    const index = (at - from) >> 2
    words[index] = (words[index] ?? 0) | ((bytes[at] as number) << (8 * ((at - from) & 3)))
  }
  return words
}

/** As the docstring says: the rest and the length first, then whole steps of eight; even and odd words apart. */
function expected(seed: HashSeed, text: string): number[] {
  const bytes = Array.from(text, (character) => character.charCodeAt(0))
  const whole = bytes.length - (bytes.length % 8)
  const [even = 0, odd = 0] = wordsOf(bytes, whole)
  const words = [even, odd | (bytes.length << 24), ...wordsOf(bytes.slice(0, whole))]
  const lane = (parity: number) => words.filter((_, index) => index % 2 === parity)
  const first = finished(compressed([seed[0], seed[1]], lane(0), 1), 3)
  const second = finished(compressed([seed[2], seed[3]], lane(1), 1, 0xee), 3)
  const [v0, v1, v2, v3] = first
  const [u0, u1, u2, u3] = second
  return [v1 ^ v3 ^ u0, v0 ^ u2, v2 ^ u1 ^ u3]
}

function hashed(seed: HashSeed, text: string): number[] {
  const hash = new HalfSipHash(seed)
  hash.read(text)
  return [hash.first, hash.second, hash.third]
}

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const seeds: fc.Arbitrary<HashSeed> = fc.tuple(word, word, word, word)
const latin1 = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength })
    .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''))

describe('the reference in this test', () => {
  it('answers the published vectors of HalfSipHash-2-4', () => {
    for (const [length, published] of PUBLISHED.entries()) {
      const bytes = Array.from({ length }, (_, index) => index)
      const whole = wordsOf(bytes.slice(0, length - (length % 4)))
      const [rest = 0] = wordsOf(bytes, length - (length % 4))
      const state = compressed([0x03020100, 0x07060504], [...whole, rest | (length << 24)], 2)
      const [, v1, , v3] = finished(state, 4)
      expect(v1 ^ v3, `of ${length} bytes`).toBe(published)
    }
  })
})

describe('HalfSipHash', () => {
  it('is two lanes of HalfSipHash-1-3 of the even and the odd words', () => {
    fc.assert(
      fc.property(seeds, latin1(140), (seed, text) => {
        expect(hashed(seed, text)).toEqual(expected(seed, text))
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads every length right', () => {
    const seed: HashSeed = [1, 2, 3, 4]
    for (let length = 0; length <= 300; length++) {
      const text = Array.from({ length }, (_, index) => String.fromCharCode((index * 7) & 0xff)).join('')
      expect(hashed(seed, text)).toEqual(expected(seed, text))
    }
  })

  it('gives small integers, which V8 keeps without an object', () => {
    for (const value of hashed([-1, -2, 3, 4], 'alice')) expect(value).toBe(value | 0)
  })

  it.each([0, 1, 2, 3])('depends on word %d of the seed', (index) => {
    const seed: HashSeed = [11, 22, 33, 44]
    const other = seed.map((one, at) => (at === index ? one ^ 1 : one)) as unknown as HashSeed
    const same = hashed(seed, 'a key of 21 bytes....').filter(
      (one, at) => one === hashed(other, 'a key of 21 bytes....')[at],
    )
    expect(same).toEqual([])
  })

  it('changes each bit of the result with a chance of a half when one bit of the text changes', () => {
    const random = fakeRandom(7)
    const seed: HashSeed = [1, -2, 3, -4].map((one) => Math.floor(random() * 2 ** 31) * one) as never
    const changed = new Float64Array(96)
    const texts = 2_000
    for (let run = 0; run < texts; run++) {
      const codes = Array.from({ length: 36 }, () => Math.floor(random() * 256))
      const before = hashed(seed, String.fromCharCode(...codes))
      codes[Math.floor(random() * 36)] =
        (codes[Math.floor(random() * 36)] ?? 0) ^ (1 << Math.floor(random() * 8))
      const after = hashed(seed, String.fromCharCode(...codes))
      for (let bit = 0; bit < 96; bit++) {
        const [one, other] = [before[bit >> 5] as number, after[bit >> 5] as number]
        changed[bit] = (changed[bit] as number) + (((one ^ other) >>> (bit & 31)) & 1)
      }
    }
    // Six standard deviations of a fair coin.
    const slack = 6 * Math.sqrt(texts / 4)
    for (const count of changed) expect(Math.abs(count - texts / 2)).toBeLessThan(slack)
  })

  it.each<[string, (index: number) => string]>([
    ['counters', (index) => String(index)],
    ['hex counters', (index) => index.toString(16).padStart(8, '0')],
    ['a long common beginning', (index) => `${'session-'.repeat(6)}${index}`],
    ['a long common end', (index) => `${index}${'-session'.repeat(6)}`],
    ['only even words', (index) => `${(index + 1e7).toString(36).slice(-4)}....${'x'.repeat(8)}`],
    ['only odd words', (index) => `....${(index + 1e7).toString(36).slice(-4)}${'x'.repeat(8)}`],
    [
      'both words of a step',
      (index) => `${(index >> 8).toString(36)}..`.padEnd(4) + (index & 0xff).toString(36),
    ],
    ['only the length', (index) => '\0'.repeat(index % 3_000)],
    ['bits', (index) => String.fromCharCode(index & 0xff, index >> 8, 0, 0, index & 0xff, index >> 8)],
  ])('tells keys apart that differ in %s, with small seeds and large', (_what, keyOf) => {
    const keys = new Set(Array.from({ length: 50_000 }, (_, index) => keyOf(index)))
    for (const seed of [
      [5, 6, 7, 8],
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [-7e8, 3e8, 2e9, -1e9],
    ] as const) {
      const hash = new HalfSipHash(seed)
      // A collision of any one word is to be expected among so many; of two words together it is not.
      const pairs = [new Set<string>(), new Set<string>(), new Set<string>()] as const
      for (const key of keys) {
        hash.read(key)
        pairs[0].add(`${hash.first} ${hash.second}`)
        pairs[1].add(`${hash.second} ${hash.third}`)
        pairs[2].add(`${hash.first} ${hash.third}`)
      }
      expect(pairs.map(({ size }) => size)).toEqual([keys.size, keys.size, keys.size])
    }
  })
})
