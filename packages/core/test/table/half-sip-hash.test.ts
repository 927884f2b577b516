import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { HalfSipHash, type HashSeed } from '../../src/table/half-sip-hash.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

/** HalfSipHash-2-4 of the bytes 0, 1, 2, … with the key 0, 1, … 7, by number of bytes: the authors' published vectors. */
const PUBLISHED_32 = `
  a9359f5b 27475ab8 fa62a603 8afee704 2a6e4689 c5fab669 5863fc23 8bcf63c5 d0b8848f f806e779 94b07934 08083050
  57f0872f 77e663ff d6fff87c 74fe2b97 d9b5ac84 c474645b 465b8d9b 7befe387 e34d1045 613f62b3 70f367fe e6adb8bd
  27400c63 26787875 4f567b5f 3ab0e669 b0644000 ff670fb4 509e338b 5d589f1a fee72112 33753259 6a434f8c fe28b729
  e75cc6ec 697e8d54 63688b0f 650b62b4 b6bc1840 5d074505 2442fd2e 7bb7863a 7705d548 d75208b1 b6d499c8 0892202e
  69e12ce3 8db580e5 369764c6 016e0204 3b85f3d4 fedb66be 1e692a3a c68984c0 a5c5b940 9be9e88c 7dbc8140 7c078ec5
  d4e76c73 428fcbb9 bd83997a 59ea4a74`
  .trim()
  .split(/\s+/)
const PUBLISHED_64 = `
  218d1f59b9b83cc8 be552412f8387315 064f39ef7c50eb57 ce0f1a45f7060679 d5e78a175be52ea1 cb9d7c3f2f3db580
  ce3e91358aa2bc25 ff202728b07bc684 edfee820bce4858c 5b51cccc13888307 95b0469f06a6f2ee ae26333994ddcd48
  7bc71f9faef5c799 5a2352d75a0c3744 3bb1a870eae8e658 217d0bcb4e81c902 7336aad25f7bf3b5 37adc0641c4c4f6a
  c9b2db2b9a3e42f9 f910e48020ab363c 1bf52b0a6feea7db 00741dc269e8b3ef e20103fa1ba776ef 4c2210e54b681d73
  70741045ae3fa6f1 0c86403739714038 0d899ed8112923f0 226bf5fab81ee1b8 2d925ffb1e0016b5 361958d52cee10f1
  291aaf864898179d 863c7f155c34117c 28709d46d811626c 248477681d28f89c 8324e4d7528f9830 f9efd4e13aea6bd8
  86d67a40ec4276dc 3f6292eccca97e35 cbd92ee724d42109 368df6808d403d79 5b38c81c67c8ae4c 95ab7189d439acb3
  a91a52c025327024 5b0087c69528acea 1e30f3ad27dcb15a 697f5c9a90324ed4 495c0f995557dc38 9427202a3c29f94d
  a9eaa8c04ba93e3e eea4c1737d011218 912d568fd8f65a49 56919596b0ff5c97 02445a7998f550e1 86ec466ce71d1fb2
  359569e7d289e3bc 871b05ca62bb7c96 a1a492f942f15f1d 12ec267ff6095b6e 5d1b5ea1b231d89d d8cfb4453f92ee54
  d6762890bf26e460 313563a4b7ed5cf3 f90b3ab572d46693 2ea63c71bf326087`
  .trim()
  .split(/\s+/)

type State = [v0: number, v1: number, v2: number, v3: number]

/** HalfSipHash written for reading: one lane, word by word, with the state and the rounds in the open. */
class Lane {
  readonly state: State
  readonly #rounds: number

  constructor(k0: number, k1: number, rounds: number) {
    this.state = [k0 >>> 0, k1 >>> 0, (k0 ^ 0x6c796765) >>> 0, (k1 ^ 0x74656462) >>> 0]
    this.#rounds = rounds
  }

  take(word: number): void {
    this.state[3] = (this.state[3] ^ word) >>> 0
    this.turn(this.#rounds)
    this.state[0] = (this.state[0] ^ word) >>> 0
  }

  turn(rounds: number): void {
    let [v0, v1, v2, v3] = this.state.map((word) => word >>> 0) as State
    for (let round = 0; round < rounds; round++) {
      v0 = sum(v0, v1)
      v1 = (rotated(v1, 5) ^ v0) >>> 0
      v0 = rotated(v0, 16)
      v2 = sum(v2, v3)
      v3 = (rotated(v3, 8) ^ v2) >>> 0
      v0 = sum(v0, v3)
      v3 = (rotated(v3, 7) ^ v0) >>> 0
      v2 = sum(v2, v1)
      v1 = (rotated(v1, 13) ^ v2) >>> 0
      v2 = rotated(v2, 16)
    }
    this.state.splice(0, 4, v0, v1, v2, v3)
  }
}

function sum(a: number, b: number): number {
  return Number((BigInt(a) + BigInt(b)) & 0xffff_ffffn)
}

function rotated(word: number, bits: number): number {
  return Number(((BigInt(word) << BigInt(bits)) | (BigInt(word) >> BigInt(32 - bits))) & 0xffff_ffffn)
}

/** Little endian words of some bytes, the last of them with the number of bytes on top. */
function wordsOf(bytes: Buffer, wordBytes: number): number[] {
  const padded = Buffer.alloc((Math.floor(bytes.length / wordBytes) + 1) * wordBytes)
  bytes.copy(padded)
  padded[padded.length - 1] = bytes.length & 0xff
  return Array.from({ length: padded.length / 4 }, (_, index) => padded.readUInt32LE(4 * index))
}

/** HalfSipHash-c-d as published, with 32 or 64 bits of result. */
function halfSipHash(bytes: Buffer, key: Buffer, c: number, d: number, bits: 32 | 64): string {
  const lane = new Lane(key.readUInt32LE(0), key.readUInt32LE(4), c)
  const { state } = lane
  if (bits === 64) state[1] ^= 0xee
  for (const word of wordsOf(bytes, 4)) lane.take(word)
  state[2] ^= bits === 64 ? 0xee : 0xff
  lane.turn(d)
  const result = Buffer.alloc(bits / 8)
  result.writeInt32LE(state[1] ^ state[3], 0)
  if (bits === 64) {
    state[1] ^= 0xdd
    lane.turn(d)
    result.writeInt32LE(state[1] ^ state[3], 4)
  }
  return result.toString('hex')
}

/** What the table's hash is said to be: two lanes of one round for each word and three at the end, added crosswise. */
function twoLanes(text: string, seed: HashSeed): number[] {
  const evens = new Lane(seed[0], seed[1], 1)
  const odds = new Lane(seed[2], seed[3], 1)
  for (const [index, word] of wordsOf(Buffer.from(text, 'latin1'), 8).entries()) {
    if (index % 2 === 0) evens.take(word)
    else odds.take(word)
  }
  const [even, odd] = [evens, odds].map((lane) => {
    lane.state[2] ^= 0xff
    lane.turn(3)
    const [v0, v1, v2, v3] = lane.state
    return { tag: v1 ^ v3, v0, v2 }
  }) as [Record<'tag' | 'v0' | 'v2', number>, Record<'tag' | 'v0' | 'v2', number>]
  return [even.tag ^ odd.v0, even.v0 ^ odd.v2, even.v2 ^ odd.tag]
}

function hashed(hash: HalfSipHash, text: string): number[] {
  hash.read(text)
  return [hash.first, hash.second, hash.third]
}

const SEED: HashSeed = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]
const words = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const seeds = fc.tuple(words, words, words, words)
const texts = fc
  .uint8Array({ minLength: 0, maxLength: 130 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

describe('the plain HalfSipHash of these tests', () => {
  const key = Buffer.of(0, 1, 2, 3, 4, 5, 6, 7)
  const input = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index))

  it('gives the published hashes of 32 bits', () => {
    expect(PUBLISHED_32).toHaveLength(64)
    expect(PUBLISHED_32.map((_, length) => halfSipHash(input(length), key, 2, 4, 32))).toEqual(PUBLISHED_32)
  })

  it('gives the published hashes of 64 bits', () => {
    expect(PUBLISHED_64).toHaveLength(64)
    expect(PUBLISHED_64.map((_, length) => halfSipHash(input(length), key, 2, 4, 64))).toEqual(PUBLISHED_64)
  })
})

describe('HalfSipHash', () => {
  it('is the crosswise sum of two lanes of HalfSipHash for every text and every seed', () => {
    fc.assert(
      fc.property(texts, seeds, (text, seed) => {
        expect(hashed(new HalfSipHash(seed), text)).toEqual(twoLanes(text, seed))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is so at every length', () => {
    const random = fakeRandom(7)
    const hash = new HalfSipHash(SEED)
    for (let length = 0; length <= 300; length++) {
      const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
      const text = bytes.toString('latin1')
      expect(hashed(hash, text), `${length} characters`).toEqual(twoLanes(text, SEED))
    }
  })

  it('is so at the extreme characters', () => {
    const hash = new HalfSipHash(SEED)
    for (const character of ['\0', '\x7f', '\x80', '\xff']) {
      for (let length = 0; length <= 24; length++) {
        const text = character.repeat(length)
        expect(hashed(hash, text)).toEqual(twoLanes(text, SEED))
      }
    }
  })

  it('gives signed words', () => {
    const hash = new HalfSipHash([0xffff_ffff, 0x8000_0000, 0xffff_fffe, 0x8000_0001])
    for (let index = 0; index < 1_000; index++) {
      for (const word of hashed(hash, `key-${index}`)) expect(word).toBe(word | 0)
    }
    expect(hashed(hash, 'a')).toEqual(hashed(new HalfSipHash([-1, -(2 ** 31), -2, -(2 ** 31) + 1]), 'a'))
  })

  it('keeps nothing of the text read before', () => {
    const hash = new HalfSipHash(SEED)
    const first = hashed(hash, 'alice')
    hashed(hash, 'a much longer text than the one before it')
    expect(hashed(hash, 'alice')).toEqual(first)
  })

  it('gives other hashes for every other seed', () => {
    const text = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
    const seen = new Set([hashed(new HalfSipHash(SEED), text).join()])
    for (let bit = 0; bit < 128; bit++) {
      const other: [number, number, number, number] = [...SEED]
      const word = (bit >> 5) as 0 | 1 | 2 | 3
      other[word] ^= 1 << (bit & 31)
      seen.add(hashed(new HalfSipHash(other), text).join())
    }
    expect(seen.size).toBe(129)
  })

  it.each([1, 3, 4, 5, 7, 8, 9, 12, 16, 36])(
    'changes each bit of its three words with a chance of a half when one bit of %d characters changes',
    (length) => {
      const random = fakeRandom(length)
      const flips = new Array<number>(96).fill(0)
      const samples = 2_000
      for (let sample = 0; sample < samples; sample++) {
        const seed: HashSeed = [word32(random), word32(random), word32(random), word32(random)]
        const hash = new HalfSipHash(seed)
        const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
        const before = hashed(hash, bytes.toString('latin1'))
        const bit = Math.floor(random() * length * 8)
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
        const after = hashed(hash, bytes.toString('latin1'))
        for (let at = 0; at < 96; at++) {
          const changed = ((before[at >> 5] as number) ^ (after[at >> 5] as number)) >>> (at & 31)
          flips[at] = (flips[at] as number) + (changed & 1)
        }
      }
      // Five standard deviations of 2 000 fair coins are 112; the seeds are fixed, so this holds always or never.
      for (const [at, count] of flips.entries()) {
        expect(Math.abs(count - samples / 2), `bit ${at}`).toBeLessThan(112)
      }
    },
  )

  it('keeps keys apart that are made alike', () => {
    const keys = new Set<string>()
    for (let index = 0; index < 25_000; index++) {
      keys.add(String(index))
      keys.add(`https://example.com/a/long/common/prefix?session=${index}`)
      keys.add(`${index.toString(16).padStart(8, '0')}-and-a-long-common-end`)
    }
    for (let length = 0; length < 120; length++) {
      keys.add('\0'.repeat(length))
      keys.add('x'.repeat(length))
      for (let at = 0; at < length; at++) keys.add(`${'x'.repeat(at)}y${'x'.repeat(length - at - 1)}`)
    }
    // Eight words: changes in the even ones only, then in the odd ones only.
    for (const parity of [0, 4]) {
      for (let index = 0; index < 15_000; index++) {
        const bytes = Buffer.alloc(32, 0x61)
        for (const at of [0, 8, 16, 24]) {
          bytes[at + parity] = index & 0xff
          bytes[at + parity + 3] = index >> 8
        }
        keys.add(bytes.toString('latin1'))
      }
    }
    expect(keys.size).toBeGreaterThan(100_000)
    const hash = new HalfSipHash(SEED)
    const hashes = new Set<string>()
    const firstTwo = new Set<bigint>()
    for (const key of keys) {
      const [first, second, third] = hashed(hash, key) as [number, number, number]
      hashes.add(`${first},${second},${third}`)
      firstTwo.add((BigInt(first) << 32n) | BigInt(second >>> 0))
    }
    expect(hashes.size).toBe(keys.size)
    expect(firstTwo.size).toBe(keys.size)
  })

  it('keeps keys apart whose changes fall on both lanes alike', () => {
    // Each word by itself has 32 bits, so of 40 000 keys it repeats itself 0.19 times on average; more than 6 such pairs
    // come once in 10^9 times. A hash in which changes cancel out has hundreds, for one seed in three.
    const random = fakeRandom(11)
    const kinds: ((index: number) => string)[] = [
      (index) => `session-${index}`,
      (index) => String(index),
      (index) => `${'x'.repeat(index % 5)}-${index}`,
      (index) => {
        const word = index.toString(36).padStart(4, '0')
        return `prefix--${word}${word}`
      },
      (index) => {
        const word = Buffer.alloc(4)
        word.writeInt32LE(index << 8)
        return word.toString('latin1').repeat(2)
      },
    ]
    for (const [kind, keyOf] of kinds.entries()) {
      for (let round = 0; round < 4; round++) {
        const hash = new HalfSipHash([word32(random), word32(random), word32(random), word32(random)])
        const seen = [new Set<number>(), new Set<number>(), new Set<number>()]
        for (let index = 0; index < 40_000; index++) {
          hash.read(keyOf(index))
          seen[0]?.add(hash.first)
          seen[1]?.add(hash.second)
          seen[2]?.add(hash.third)
        }
        for (const words of seen)
          expect(40_000 - words.size, `kind ${kind}, round ${round}`).toBeLessThanOrEqual(6)
      }
    }
  })

  it('does not let a like change of one bit in both lanes cancel itself, in any part of its words', () => {
    const random = fakeRandom(13)
    const samples = 2_000
    for (let bit = 0; bit < 24; bit++) {
      // How often each byte of the hash stays as it was: 2 000 / 256 = 7.8 times by chance.
      const same = new Array<number>(12).fill(0)
      for (let sample = 0; sample < samples; sample++) {
        const hash = new HalfSipHash([word32(random), word32(random), word32(random), word32(random)])
        // The last words of both lanes, which one round alone takes up before the final ones.
        const bytes = Buffer.from(Array.from({ length: 7 }, () => Math.floor(random() * 256)))
        const before = hashed(hash, bytes.toString('latin1'))
        for (const at of [bit >> 3, (bit >> 3) + 4]) bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
        const after = hashed(hash, bytes.toString('latin1'))
        for (let at = 0; at < 12; at++) {
          const changed = ((before[at >> 2] as number) ^ (after[at >> 2] as number)) >>> (8 * (at & 3))
          if ((changed & 0xff) === 0) same[at] = (same[at] as number) + 1
        }
      }
      for (const [at, count] of same.entries()) expect(count, `bit ${bit}, byte ${at}`).toBeLessThan(26)
    }
  })

  it('leaves no pattern of the keys in the words that choose shard and bucket', () => {
    const hash = new HalfSipHash(SEED)
    const counts = { first: new Array<number>(256).fill(0), second: new Array<number>(256).fill(0) }
    for (let index = 0; index < 64_000; index++) {
      hash.read(`session-${index}`)
      const [shard, bucket] = [hash.first >>> 24, hash.second & 0xff]
      counts.first[shard] = (counts.first[shard] as number) + 1
      counts.second[bucket] = (counts.second[bucket] as number) + 1
    }
    // Chi-squared of 255 degrees of freedom: 370 is beyond the quantile of 1 - 3e-6.
    for (const count of Object.values(counts)) {
      expect(count.reduce((sum, n) => sum + (n - 250) ** 2 / 250, 0)).toBeLessThan(370)
    }
  })
})

function word32(random: () => number): number {
  return Math.floor(random() * 2 ** 32) | 0
}
