import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulHigh } from '../../../src/parity/envoy/hash64.ts'
import { xxh64 } from '../../../src/parity/envoy/xxh64.ts'
import { hashed, joined, split } from './hash64.ts'
import { unitTests } from './unit-tests.ts'
import { xxh64Reference } from './xxh64-reference.ts'

const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff),
)
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 0xffffffffn, 2n ** 63n, 2n ** 64n - 1n),
)

/** The bytes that xxHash's own sanity checks hash. */
function sanityBytes(length: number): Uint8Array {
  let state = 2654435761
  return Uint8Array.from({ length }, () => {
    const byte = state >>> 24
    state = Math.imul(state, state) >>> 0
    return byte
  })
}

describe('mulHigh', () => {
  it('is the upper half of the product', () => {
    fc.assert(
      fc.property(u32, u32, (a, b) => {
        expect(mulHigh(a, b) >>> 0).toBe(Number((BigInt(a) * BigInt(b)) >> 32n))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('xxh64', () => {
  it.each([
    [0, 0n, 0xef46db3751d8e999n],
    [0, 2654435761n, 0xac75fda2929b17efn],
    [1, 0n, 0x4fce394cc88952d8n],
    [1, 2654435761n, 0x739840cb819fa723n],
    [14, 0n, 0xcffa8db881bc3a3dn],
    [14, 2654435761n, 0x5b9611585efcc9cbn],
    [101, 0n, 0x0eab543384f878adn],
    [101, 2654435761n, 0xcaa65939306f1e21n],
  ])('hashes %i bytes under seed %i as xxHash publishes', (length, seed, expected) => {
    expect(hashed(xxh64, sanityBytes(length), seed)).toBe(expected)
  })

  it.each(unitTests.xxHash64)('hashes %j as the unit tests of Envoy say', (text, expected) => {
    expect(hashed(xxh64, Buffer.from(text))).toBe(BigInt(expected))
  })

  it('agrees with the specification worded in BigInt, for any bytes and seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), u64, (bytes, seed) => {
        expect(hashed(xxh64, bytes, seed)).toBe(xxh64Reference(bytes, seed))
      }),
      { numRuns: 2_000 },
    )
  })

  it('hashes every length up to 200', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = sanityBytes(length)
      expect(hashed(xxh64, bytes, 7n), `${length}`).toBe(xxh64Reference(bytes, 7n))
    }
  })

  it('reads no byte outside the range', () => {
    const bytes = sanityBytes(120)
    const hash = split(5n)
    xxh64(hash, bytes, 11, 88)
    expect(joined(hash)).toBe(xxh64Reference(bytes.slice(11, 88), 5n))
  })

  it('goes on from what the hash holds', () => {
    for (const [values, expected] of unitTests.xxHash64OfHeaderValues) {
      const hash = split(0n)
      for (const value of values) xxh64(hash, Buffer.from(value), 0, value.length)
      expect(joined(hash)).toBe(BigInt(expected))
    }
  })
})
