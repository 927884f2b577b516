import type { Clock } from '../../clock.ts'
import { type EndpointSet, endpointSet, isSameSet } from '../../endpoint/endpoint-set.ts'
import { StickyError } from '../../error.ts'
import { type EndpointSource, mergedEndpoints } from './endpoint-source.ts'

/** What a watch needs besides its sources. */
export interface DnsWatchOptions {
  /** How long a first snapshot waits for names that nobody answers, in milliseconds. */
  readonly partialAfterMs: number
  readonly clock: Clock
  readonly listener: (set: EndpointSet) => void
  /** Told where what was found makes no endpoints; the last ones stay. */
  readonly failed: (error: StickyError) => void
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
  /** Ends the watch with what the listener threw. */
  #break: (error: unknown) => void = () => undefined

  constructor(options: DnsWatchOptions) {
    this.#options = options
    this.#sources = options.sources(() => this.#schedule())
  }

  /** Resolves when the signal has aborted and nothing is left under way. Rejects if `listener` throws. */
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
    let broken: { readonly error: unknown } | undefined
    this.#break = (error) => {
      broken ??= { error }
      signal.removeEventListener('abort', end)
      end()
    }
    await Promise.all(
      this.#sources.map((source, index) => source.refresh((aborts[index] as AbortController).signal)),
    )
    // A source that answered while it was ended may have scheduled once more.
    clearImmediate(this.#scheduled)
    if (broken) throw broken.error
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
    const next = this.#gathered()
    if (!next) return
    // Nobody knows yet is not: there are none.
    if (!this.#set && !isWhole && next.endpoints.length === 0) return
    if (this.#set && isSameSet(this.#set, next)) return
    this.#set = next
    try {
      this.#options.listener(next)
    } catch (error) {
      this.#break(error)
    }
  }

  /** A snapshot of what the sources know; undefined where it makes none: a resolver of the user may answer anything. */
  #gathered(): EndpointSet | undefined {
    try {
      return endpointSet(mergedEndpoints(this.#sources.flatMap((source) => source.endpoints())), this.#set)
    } catch (cause) {
      this.#options.failed(new StickyError('dns', `no endpoints: ${(cause as Error).message}`, { cause }))
      return undefined
    }
  }
}
