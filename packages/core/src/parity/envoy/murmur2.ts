import { type Hash64, mulHigh, wordAt } from './hash64.ts'

/** The multiplier of MurmurHash2-64A in halves. */
const MH = 0xc6a4a793
const ML = 0x5bd1e995
/** `STD_HASH_SEED` of Envoy, which is the seed of `std::hash<std::string>` in libstdc++. */
const SEED = 0xc70f6907

/**
 * MurmurHash2-64A (Austin Appleby) as libstdc++ has it, with the seed that Envoy gives: Envoy's `MURMUR_HASH_2`
 * (source/common/common/hash.cc). The seed in `hash` is not read.
 */
export function murmur2(hash: Hash64, bytes: Uint8Array, from: number, to: number): void {
  const length = to - from
  let high = (mulHigh(length, ML) + Math.imul(length, MH)) | 0
  let low = SEED ^ Math.imul(length, ML)
  const whole = from + (length & ~7)
  for (let at = from; at < whole; at += 8) {
    const inLow = wordAt(bytes, at)
    let oneHigh = (mulHigh(inLow, ML) + Math.imul(wordAt(bytes, at + 4), ML) + Math.imul(inLow, MH)) | 0
    let oneLow = Math.imul(inLow, ML) ^ (oneHigh >>> 15)
    oneHigh = (mulHigh(oneLow, ML) + Math.imul(oneHigh, ML) + Math.imul(oneLow, MH)) | 0
    oneLow = Math.imul(oneLow, ML)
    high ^= oneHigh
    low ^= oneLow
    high = (mulHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0
    low = Math.imul(low, ML)
  }
  if (whole < to) {
    for (let at = whole; at < to; at++) {
      const shift = (at - whole) * 8
      if (shift < 32) low ^= (bytes[at] as number) << shift
      else high ^= (bytes[at] as number) << (shift - 32)
    }
    high = (mulHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0
    low = Math.imul(low, ML)
  }
  low ^= high >>> 15
  high = (mulHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0
  low = Math.imul(low, ML)
  hash.set(high, low ^ (high >>> 15))
}
