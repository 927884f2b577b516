/**
 * HalfSipHash, the keyed hash for short input with 32-bit words (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012, and its 32-bit variant of 2016): who does not know the seed cannot find keys that collide, as he could with a plain
 * hash (murmur, FNV). One round for each word is the variant of Linux's `hsiphash` for tables in memory; two and four are
 * the rounds of the published test vectors.
 *
 * `first` is HalfSipHash's 32 bits. `second` and `third` are two more words of its final state, which together with the
 * first are as evenly spread as the state is, since rounds are permutations. They tell more of the state than a hash
 * should, so they never leave the process in the clear: a snapshot that holds them holds the seed as well.
 *
 * What 96 bits are good for: of n keys, the chance that any two are alike is at most n² / 2 / 2^96 = 6.3e-16 at 10
 * million and 6.3e-14 at 100 million. The chance that a look-up of an unknown key meets one of n is n / 2^96 = 1.3e-22
 * at 10 million: ten thousand such look-ups a second would meet the first in 25 billion years.
 */
export class HalfSipHash {
  /** The hash of the text read last, in signed words: V8 keeps these as small integers, and allocates nothing. */
  first = 0
  second = 0
  third = 0
  readonly #seed0: number
  readonly #seed1: number
  readonly #rounds: number
  readonly #allRounds: number

  /** @param finalRounds - Linux has three; with one more, every bit of all three words depends on every bit of the text */
  constructor(seed0: number, seed1: number, rounds = 1, finalRounds = 4) {
    this.#seed0 = seed0 | 0
    this.#seed1 = seed1 | 0
    this.#rounds = rounds
    this.#allRounds = rounds + finalRounds
  }

  /**
   * Reads latin1 text. `charCodeAt` is as fast as a copy to a buffer by `latin1Write` at the length of a UUID (67 and 62
   * ns on Node 24), and leaves no copy of a key anywhere.
   */
  read(text: string): void {
    const { length } = text
    const whole = length & ~3
    const rounds = this.#rounds
    let v0 = this.#seed0
    let v1 = this.#seed1
    let v2 = this.#seed0 ^ 0x6c796765
    let v3 = this.#seed1 ^ 0x74656462
    let at = 0
    while (at < whole) {
      const word =
        text.charCodeAt(at) |
        (text.charCodeAt(at + 1) << 8) |
        (text.charCodeAt(at + 2) << 16) |
        (text.charCodeAt(at + 3) << 24)
      at += 4
      v3 ^= word
      let left = rounds
      do {
        v0 = (v0 + v1) | 0
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
        v0 = (v0 + v3) | 0
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
        v2 = (v2 + v1) | 0
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
        v2 = (v2 << 16) | (v2 >>> 16)
      } while (--left > 0)
      v0 ^= word
    }
    // The last word is what is left of the text, below the lowest byte of its length.
    let last = length << 24
    for (let shift = 0; at < length; at++, shift += 8) last |= text.charCodeAt(at) << shift
    v3 ^= last
    const allRounds = this.#allRounds
    for (let round = 0; round < allRounds; round++) {
      if (round === rounds) {
        v0 ^= last
        v2 ^= 0xff
      }
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.first = v1 ^ v3
    this.second = v0
    this.third = v2
  }
}
