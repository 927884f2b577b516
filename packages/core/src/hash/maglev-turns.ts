import { SmallestFirst } from './smallest-first.ts'

/** Members this much lighter than the heaviest are not looked at in each round. */
const LIGHT = 16

/**
 * Whose turn it is to take a place: members in order, in round `r` those for which `r × weight` has come to their turns so far
 * times the heaviest weight, in doubles, as Envoy has it (maglev_lb.cc). Light members wait for their round in a heap, so that a turn takes a few looks however uneven the
 * weights are.
 */
export class MaglevTurns {
  readonly #weights: Float64Array
  readonly #heaviest: number
  /** A round in which no turn is left to take: the heaviest has one in each, but for a few in which the sum of its turns was rounded up. */
  readonly #lastRound: number
  /** Turns taken, times the heaviest weight. */
  readonly #taken: Float64Array
  readonly #heavy: Uint32Array
  /** For each light member, its round × the number of members + its place in the order. */
  readonly #light: SmallestFirst
  #round = 1
  #next = 0

  /** `weights`: those of the members in order, all above 0. `turns`: how many will be taken in all. */
  constructor(weights: Float64Array, turns: number) {
    const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0)
    const isHeavy = (place: number) => (weights[place] as number) * LIGHT >= heaviest
    this.#weights = weights
    this.#heaviest = heaviest
    this.#lastRound = 2 * turns + 2
    this.#taken = new Float64Array(weights.length)
    this.#heavy = Uint32Array.from(weights.keys()).filter(isHeavy)
    this.#light = new SmallestFirst(weights.length - this.#heavy.length)
    for (const place of weights.keys()) if (!isHeavy(place)) this.#light.push(weights.length + place)
  }

  /** The place in the order of the member that takes the next turn. */
  next(): number {
    const weights = this.#weights
    const heavy = this.#heavy
    for (;;) {
      while (this.#next < heavy.length && !this.#isDue(heavy[this.#next] as number, this.#round)) this.#next++
      const place = this.#next < heavy.length ? (heavy[this.#next] as number) : weights.length
      if (this.#light.smallest < this.#round * weights.length + place) return this.#takeLight()
      if (place < weights.length) {
        this.#next++
        this.#taken[place] = (this.#taken[place] as number) + this.#heaviest
        return place
      }
      this.#round++
      this.#next = 0
    }
  }

  #takeLight(): number {
    const place = this.#light.pop() - this.#round * this.#weights.length
    this.#taken[place] = (this.#taken[place] as number) + this.#heaviest
    let round = Math.max(
      this.#round + 1,
      Math.ceil((this.#taken[place] as number) / (this.#weights[place] as number)),
    )
    if (round > this.#lastRound) return place
    // A quotient may be rounded to the other side of what the product says, which counts.
    while (!this.#isDue(place, round)) round++
    while (round - 1 > this.#round && this.#isDue(place, round - 1)) round--
    this.#light.push(round * this.#weights.length + place)
    return place
  }

  #isDue(place: number, round: number): boolean {
    return round * (this.#weights[place] as number) >= (this.#taken[place] as number)
  }
}
