import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2 } from '../../../src/parity/envoy/murmur2.ts'
import { hashed, joined, split } from './hash64.ts'
import { unitTests } from './unit-tests.ts'

const M = 0xc6a4a7935bd1e995n

/** MurmurHash2-64A with the tail of libstdc++, in BigInt. */
function reference(bytes: Uint8Array): bigint {
  const mixed = (value: bigint) => value ^ (value >> 47n)
  let hash = 0xc70f6907n ^ u64(BigInt(bytes.length) * M)
  for (let at = 0; at < bytes.length; at += 8) {
    const piece = bytes.subarray(at, at + 8)
    const word = piece.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
    hash = u64((hash ^ (piece.length === 8 ? u64(mixed(u64(word * M)) * M) : word)) * M)
  }
  return mixed(u64(mixed(hash) * M))
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

describe('murmur2', () => {
  it.each(unitTests.murmurHash2)('hashes %j as the unit tests of Envoy say', (text, expected) => {
    expect(hashed(murmur2, Buffer.from(text))).toBe(BigInt(expected))
  })

  it('agrees with its definition in BigInt, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), (bytes) => {
        expect(hashed(murmur2, bytes)).toBe(reference(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it('reads no byte outside the range, and no seed', () => {
    const bytes = Uint8Array.from({ length: 60 }, (_, index) => index * 37)
    const hash = split(99n)
    murmur2(hash, bytes, 3, 40)
    expect(joined(hash)).toBe(reference(bytes.slice(3, 40)))
  })
})
