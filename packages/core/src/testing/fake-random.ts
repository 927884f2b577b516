/**
 * A source of randomness that gives the same numbers in [0, 1) for the same seed: xorshift32 (Marsaglia, "Xorshift RNGs",
 * 2003). For tests only.
 *
 * @public
 */
export function fakeRandom(seed = 1): () => number {
  // Zero is the one state that xorshift never leaves.
  let state = seed >>> 0 || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
