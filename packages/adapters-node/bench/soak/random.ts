/** Numbers from 0 to below 1, the same for the same seed (xorshift32: Marsaglia, 2003). */
export function seededRandom(seed: number): () => number {
  // Zero would stay zero; the golden ratio spreads small seeds.
  let state = Math.imul(seed + 1, 0x9e3779b9) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** One of these, as likely as its weight says. */
export function weighted<T>(
  choices: readonly (readonly [weight: number, choice: T])[],
  random: () => number,
): T {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, choice] of choices) {
    left -= weight
    if (left < 0) return choice
  }
  return (choices.at(-1) as (typeof choices)[number])[1]
}
