import type { SimulatedEndpoint } from './change.ts'
import type { Step } from './fleet.ts'
import { type CheckedMapping, NOBODY, Placing } from './mapping.ts'
import type { Owners, StepCounts, StepFacts } from './owners.ts'
import type { Pace } from './pace.ts'
import type { Spread, StepOutcome } from './simulation.ts'
import type { KeyOf } from './synthetic-keys.ts'

/** What a replay needs besides its mapping. */
export interface ReplayOptions {
  readonly bindings: number
  readonly owners: Owners
  readonly keyOf: KeyOf
  readonly pace: Pace
  /** By number. */
  readonly identities: readonly string[]
  /** Told how many bindings were dealt with in this step. */
  readonly tell: (done: number) => void
}

/** The steps under one mapping, one after the other. */
export class Replay {
  readonly #options: ReplayOptions
  readonly #placing: Placing
  readonly #isStored: boolean
  readonly #endpoints: (SimulatedEndpoint | undefined)[]
  readonly #facts: StepFacts
  readonly #counts: Uint32Array
  #unplaced = 0

  constructor(mapping: CheckedMapping, options: ReplayOptions) {
    const size = options.identities.length
    this.#options = options
    this.#placing = new Placing(mapping)
    this.#isStored = mapping.isStored
    this.#endpoints = new Array<SimulatedEndpoint | undefined>(size).fill(undefined)
    this.#facts = { present: new Uint8Array(size), unchanged: new Uint8Array(size) }
    this.#counts = new Uint32Array(size)
    options.owners.clear()
  }

  /** Holds every binding against the endpoints as they are after the step. */
  async step(step: Step): Promise<StepOutcome> {
    this.#change(step)
    const counts: StepCounts = { needed: 0, unneeded: 0, unplaced: 0 }
    const { bindings, pace, tell } = this.#options
    // What is stored stays while its endpoint is there, so that nobody's going leaves nothing to look at.
    const isUntouched = this.#isStored && step.gone.length === 0 && this.#isPlaced()
    if (isUntouched) {
      await pace.breathe()
      tell(bindings)
    } else {
      this.#counts.fill(0)
      await pace.through(bindings, (from, to) => this.#hold(from, to, counts), tell)
    }
    this.#unplaced = counts.unplaced
    const { identities } = this.#options
    const names = (numbers: readonly number[]) =>
      Object.freeze(numbers.map((number) => identities[number] as string))
    return Object.freeze({
      moves: counts.needed + counts.unneeded,
      ...counts,
      gone: names(step.gone),
      come: names(step.come.map(({ number }) => number)),
      reweighted: names(step.reweighted.map(({ number }) => number)),
    })
  }

  /** How the bindings are spread now. */
  spread(): Spread {
    const { bindings } = this.#options
    const placed = bindings - this.#unplaced
    let totalWeight = 0
    for (const endpoint of this.#endpoints) totalWeight += endpoint?.weight ?? 0
    let peakToMean = 0
    const endpoints = []
    for (const [number, endpoint] of this.#endpoints.entries()) {
      if (endpoint === undefined) continue
      const { identity, weight } = endpoint
      const count = this.#counts[number] as number
      if (weight > 0 && placed > 0) {
        peakToMean = Math.max(peakToMean, count / ((placed * weight) / totalWeight))
      }
      endpoints.push(Object.freeze({ identity, weight, bindings: count }))
    }
    return Object.freeze({ peakToMean, unplaced: this.#unplaced, endpoints: Object.freeze(endpoints) })
  }

  #isPlaced(): boolean {
    return this.#unplaced === 0 && this.#options.owners.ownerOf(0) !== undefined
  }

  #change({ gone, come, reweighted }: Step): void {
    const { present, unchanged } = this.#facts
    unchanged.set(present)
    for (const number of gone) {
      present[number] = 0
      unchanged[number] = 0
      this.#endpoints[number] = undefined
      this.#counts[number] = 0
    }
    for (const { number, endpoint } of [...come, ...reweighted]) {
      present[number] = 1
      unchanged[number] = 0
      this.#endpoints[number] = endpoint
    }
    const endpoints: SimulatedEndpoint[] = []
    const numbers: number[] = []
    for (const [number, endpoint] of this.#endpoints.entries()) {
      if (endpoint === undefined) continue
      endpoints.push(endpoint)
      numbers.push(number)
    }
    this.#placing.over(Object.freeze(endpoints), numbers)
  }

  #hold(from: number, to: number, counts: StepCounts): void {
    const { owners, keyOf } = this.#options
    const { present } = this.#facts
    for (let binding = from; binding < to; binding++) {
      if (this.#isStored) {
        const owner = owners.ownerOf(binding)
        if (owner !== undefined && present[owner] === 1) {
          this.#counts[owner] = (this.#counts[owner] as number) + 1
          continue
        }
      }
      const number = this.#placing.numberOf(keyOf(binding))
      if (number === NOBODY) {
        counts.unplaced++
        continue
      }
      this.#counts[number] = (this.#counts[number] as number) + 1
      owners.give(binding, number, this.#facts, counts)
    }
  }
}
