import type { Kind, Outcome } from './operations.ts'

/** Keys that come again and again; the others are new, and push old bindings out of the full table. */
const HOT_KEYS = 1_000
const NEW_SHARE = 0.2

/** Mixed traffic of clients that each do one thing after another. */
export class Traffic {
  /** Operations by name and outcome; `expected` while a pod was lately killed. */
  readonly outcomes = new Map<string, number>()
  requests = 0
  readonly #kinds: readonly Kind[]
  readonly #random: () => number
  readonly #isTroubled: () => boolean
  readonly #totalWeight: number
  #isStopped = false
  #clients: Promise<void>[] = []

  /** `isTroubled`: whether a pod is down, or was within the last seconds, so that some requests may fail. */
  constructor(kinds: readonly Kind[], random: () => number, isTroubled: () => boolean) {
    this.#kinds = kinds
    this.#random = random
    this.#isTroubled = isTroubled
    this.#totalWeight = kinds.reduce((sum, [, weight]) => sum + weight, 0)
  }

  start(clients: number): void {
    this.#clients = Array.from({ length: clients }, () => this.#client())
  }

  /** Resolves when every client has done what it was at. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#clients)
  }

  /** Operations that failed though no pod was in trouble. */
  get unexpected(): ReadonlyMap<string, number> {
    return new Map([...this.outcomes].filter(([name]) => name.endsWith('(unexpected)')))
  }

  async #client(): Promise<void> {
    while (!this.#isStopped) {
      const [name, , run] = this.#draw()
      const wasTroubled = this.#isTroubled()
      const outcome = await run(this.#key())
      this.requests++
      this.#count(name, outcome, wasTroubled || this.#isTroubled())
    }
  }

  #count(name: string, outcome: Outcome, isExpected: boolean): void {
    const failure = `${name}: ${outcome}${isExpected ? ' while a pod is down' : ' (unexpected)'}`
    const counted = outcome === 'ok' ? `${name}: ok` : failure
    this.outcomes.set(counted, (this.outcomes.get(counted) ?? 0) + 1)
  }

  #draw(): Kind {
    let left = this.#random() * this.#totalWeight
    for (const kind of this.#kinds) {
      left -= kind[1]
      if (left < 0) return kind
    }
    return this.#kinds[0] as Kind
  }

  #key(): string {
    const isNew = this.#random() < NEW_SHARE
    return isNew ? `new-${this.#random()}` : `hot-${Math.floor(this.#random() * HOT_KEYS)}`
  }
}
