import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { avalanche, KeyLanes } from '../../src/hash/key-lanes.ts'
import { murmur3 } from '../../src/hash/murmur3.ts'

const lanesOf = (key: string | Uint8Array, one = 0, two = 0): [number, number] => {
  const lanes = new KeyLanes(one, two)
  if (typeof key === 'string') lanes.readText(key)
  else lanes.readBytes(key)
  return [lanes.first, lanes.second]
}
const latin1 = fc.uint8Array({ maxLength: 80 })

describe('KeyLanes', () => {
  it('has MurmurHash3_x86_32 as its first lane, published vectors among them', () => {
    // Vectors of the reference implementation, as Wikipedia and SMHasher list them.
    expect(lanesOf('', 0, 0)[0]).toBe(0)
    expect(lanesOf('', 1, 0)[0]).toBe(0x514e28b7)
    expect(lanesOf('test', 0, 0)[0]).toBe(0xba6bd213)
    expect(lanesOf('Hello, world!', 0x9747b28c, 0)[0]).toBe(0x24884cba)
    fc.assert(
      fc.property(latin1, fc.integer(), (bytes, seed) => {
        const text = Buffer.from(bytes).toString('latin1')
        expect(lanesOf(text, seed, 0)[0]).toBe(murmur3(text, seed))
      }),
    )
  })

  it('is frozen: these are the vectors of version 1', () => {
    expect(['', 'a', 'ab', 'abc', 'abcd', 'session-42', '\xe9\xff'].map((key) => lanesOf(key, 1, 2))).toEqual(
      VECTORS,
    )
  })

  it('reads text and bytes alike, of a character its low byte', () => {
    fc.assert(
      fc.property(latin1, (bytes) => {
        expect(lanesOf(Buffer.from(bytes).toString('latin1'))).toEqual(lanesOf(bytes))
      }),
    )
    expect(lanesOf('\u0161bcde')).toEqual(lanesOf('abcde'))
  })

  it('has lanes that do not follow each other', () => {
    // Of 65 536 pairs of neighbouring keys, each bit of the one lane agrees with each of the other half the time.
    const agreements = new Array<number>(32).fill(0)
    const count = 20_000
    for (let i = 0; i < count; i++) {
      const [first, second] = lanesOf(`session-${i}`)
      for (let bit = 0; bit < 32; bit++)
        if (((first >>> bit) & 1) === ((second >>> bit) & 1))
          agreements[bit] = (agreements[bit] as number) + 1
    }
    for (const agreed of agreements) expect(Math.abs(agreed / count - 0.5)).toBeLessThan(0.02)
  })
})

describe('avalanche', () => {
  it('is a bijection on samples, and unsigned', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 100_000; i++) seen.add(avalanche(i))
    expect(seen.size).toBe(100_000)
    for (const value of [avalanche(-1), avalanche(0x80000000)]) expect(value).toBeGreaterThanOrEqual(0)
  })
})

const VECTORS: readonly (readonly [number, number])[] = [
  [1364076727, 821347078],
  [1485495528, 3981211390],
  [3087506246, 1932502232],
  [2859854335, 1985996061],
  [2616542610, 1414475532],
  [3919583645, 122914232],
  [2853745629, 762917191],
]
