import { describe, expect, it } from 'vitest'
import { murmur3 } from '../../src/hash/murmur3.ts'

/** Of the algorithm's published verification values, for text and seed. */
const VECTORS: [string, number, number][] = [
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['\xff\xff\xff\xff', 0, 0x76293b50],
  ['\x21\x43\x65\x87', 0, 0xf55b516b],
  ['\x21\x43\x65\x87', 0x5082edee, 0x2362f9de],
  ['\x21\x43\x65', 0, 0x7e4a8634],
  ['\x21\x43', 0, 0xa0f7b07a],
  ['\x21', 0, 0x72661cf4],
  ['\0\0\0\0', 0, 0x2362f9de],
  ['\0', 0, 0x514e28b7],
  ['Hello, world!', 0x9747b28c, 0x24884cba],
  ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
]

describe('murmur3', () => {
  it.each(VECTORS)('of %j with seed %i is %i', (text, seed, expected) => {
    expect(murmur3(text, seed)).toBe(expected)
  })
})
