import { avalanche } from '../hash/key-lanes.ts'

/** The characters that Kubernetes draws names from: without vowels, and without what looks alike. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5

/** Draws what a cluster draws: names of a Deployment's pods, their addresses, who goes. The same for the same seed. */
export class PodNames {
  readonly #name: string
  readonly #seed: number
  #drawn = 0
  #addresses = 0

  constructor(name: string, seed: number) {
    this.#name = name
    this.#seed = avalanche(seed ^ 0x706f6473)
  }

  /** A whole number below `limit`, which is small against 2^32. */
  below(limit: number): number {
    return avalanche(this.#seed ^ ++this.#drawn) % limit
  }

  /** The name of a StatefulSet's pod. */
  ordinal(ordinal: number): string {
    return `${this.#name}-${ordinal}`
  }

  /** The name of a Deployment's pod; may have been drawn before. */
  random(): string {
    let suffix = ''
    while (suffix.length < SUFFIX_LENGTH) suffix += LETTERS[this.below(LETTERS.length)]
    return `${this.#name}-${suffix}`
  }

  /** An address that was not given out before, of the 16 million below 10.0.0.0. */
  address(): string {
    const number = ++this.#addresses
    return `10.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`
  }
}
