import type { Disturbance, DisturbanceScope } from './disturbance.ts'
import { type Matched, matches } from './request-match.ts'

interface Entry {
  readonly disturbance: Disturbance & DisturbanceScope
  left: number
}

/** The disturbances to come, in the order in which they were scripted. */
export class Script {
  readonly #entries: Entry[] = []

  /** Puts a disturbance at the end; answers how to take it out. */
  add(disturbance: Disturbance & DisturbanceScope): () => void {
    const entry = { disturbance, left: disturbance.times ?? 1 }
    this.#entries.push(entry)
    return () => this.#remove(entry)
  }

  /** What is to happen to this request: the first entry that means it, which then has one request less. */
  take(request: Matched): Disturbance | undefined {
    const entry = this.#entries.find(({ disturbance }) => matches(disturbance.on ?? {}, request))
    if (entry && --entry.left <= 0) this.#remove(entry)
    return entry?.disturbance
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry)
    if (index >= 0) this.#entries.splice(index, 1)
  }
}
