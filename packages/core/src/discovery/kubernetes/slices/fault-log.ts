import { StickyError } from '../../../error.ts'
import type { Fault } from './fault.ts'

/** Faults of one slice that are told; a slice that is all wrong must not fill a log. */
const MAX_PER_SLICE = 8

/** Tells each fault once, and again only after it was mended. Holds what lasts, so a bounded number for each slice. */
export class FaultLog {
  readonly #tell: (error: StickyError) => void
  readonly #bySlice = new Map<string, readonly string[]>()
  /** How many slices have a fault now. */
  readonly #counts = new Map<string, number>()

  constructor(tell: (error: StickyError) => void) {
    this.#tell = tell
  }

  /** What is wrong with a slice now, in place of what was. */
  report(slice: string, faults: readonly Fault[]): void {
    const former = this.#bySlice.get(slice) ?? []
    if (faults.length === 0 && former.length === 0) return
    const told = faults.slice(0, MAX_PER_SLICE)
    if (told.length < faults.length) {
      const message = `EndpointSlice ${slice}: ${faults.length - told.length} more faults`
      told.push({ key: `${slice} more`, message })
    }
    const keys = new Set(told.map(({ key }) => key))
    const fresh = new Map(told.map((fault) => [fault.key, fault]))
    for (const key of keys) {
      const count = this.#counts.get(key) ?? 0
      if (count > 0) fresh.delete(key)
      this.#counts.set(key, count + 1)
    }
    for (const key of former) {
      const count = (this.#counts.get(key) ?? 0) - 1
      if (count > 0) this.#counts.set(key, count)
      else this.#counts.delete(key)
    }
    if (keys.size > 0) this.#bySlice.set(slice, [...keys])
    else this.#bySlice.delete(slice)
    for (const { message } of fresh.values()) this.#tell(new StickyError('invalid-endpoint', message))
  }
}
