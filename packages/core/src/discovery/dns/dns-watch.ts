import type { Clock } from '../../clock.ts'
import { type EndpointSet, endpointSet, isSameSet } from '../../endpoint/endpoint-set.ts'
import { type EndpointSource, mergedEndpoints } from './endpoint-source.ts'

/** What a watch needs besides its sources. */
export interface DnsWatchOptions {
  /** How long a first snapshot waits for names that nobody answers, in milliseconds. */
  readonly partialAfterMs: number
  readonly clock: Clock
  readonly listener: (set: EndpointSet) => void
  /** Makes the sources; `changed` is to be called when what they know has changed. */
  readonly sources: (changed: () => void) => readonly EndpointSource[]
}

/** One watch: gathers what its sources know into snapshots. */
export class DnsWatch {
  readonly #options: DnsWatchOptions
  readonly #sources: readonly EndpointSource[]
  #set: EndpointSet | undefined = undefined
  #isLate = false
  #scheduled: NodeJS.Immediate | undefined = undefined

  constructor(options: DnsWatchOptions) {
    this.#options = options
    this.#sources = options.sources(() => this.#schedule())
  }

  /** Resolves when the signal has aborted and nothing is left under way. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { partialAfterMs, clock } = this.#options
    // One controller for each source: thousands of listeners on the caller's signal would be taken for a leak.
    const aborts = this.#sources.map(() => new AbortController())
    const cancel = clock.after(partialAfterMs, () => {
      this.#isLate = true
      this.#schedule()
    })
    const end = () => {
      cancel()
      clearImmediate(this.#scheduled)
      for (const abort of aborts) abort.abort()
    }
    signal.addEventListener('abort', end, { once: true })
    await Promise.all(
      this.#sources.map((source, index) => source.refresh((aborts[index] as AbortController).signal)),
    )
    // A source that answered while it was ended may have scheduled once more.
    clearImmediate(this.#scheduled)
  }

  /** Answers that come in one turn of the event loop make one snapshot. */
  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#emit()
    })
  }

  #emit(): void {
    const isWhole = this.#sources.every(({ isKnown }) => isKnown)
    if (!this.#set && !isWhole && !this.#isLate) return
    const next = endpointSet(
      mergedEndpoints(this.#sources.flatMap((source) => source.endpoints())),
      this.#set,
    )
    // Nobody knows yet is not: there are none.
    if (!this.#set && !isWhole && next.endpoints.length === 0) return
    if (this.#set && isSameSet(this.#set, next)) return
    this.#set = next
    this.#options.listener(next)
  }
}
