import { fakeRandom } from '../../../src/testing/fake-random.ts'

/** What is left to chance in a plan; the same seed gives the same choices. */
export interface Chance {
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number
  /** One of several. */
  of<T>(several: readonly T[]): T
  happens(probability: number): boolean
}

export function chance(seed: number): Chance {
  const random = fakeRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995)
  // The first numbers of neighbouring seeds resemble each other.
  for (let skipped = 0; skipped < 16; skipped++) random()
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  return {
    between,
    of: (several) => several[between(0, several.length - 1)] as (typeof several)[number],
    happens: (probability) => random() < probability,
  }
}
