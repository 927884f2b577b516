import type { Clock } from '../clock.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { Discovery } from './discovery.ts'

/** Why a wait for the first snapshot has ended. */
export type Arrival = 'known' | 'timeout' | 'queue-full' | 'aborted' | 'failed' | 'closed'

/** What an {@link EndpointWatch} needs besides the discovery. */
export interface WatchOptions {
  /** The longest wait for the first snapshot, in milliseconds. */
  readonly startTimeoutMs: number
  /** Requests that may wait for it at once. */
  readonly maxWaiting: number
  readonly clock: Clock
  /** Told of every snapshot, the first included. */
  readonly changed: (set: EndpointSet) => void
  /** Told that the discovery gave up: what it rejected with. The last snapshot stays. */
  readonly failed: (error: unknown) => void
}

/** Holds the newest snapshot of a discovery for the request path, and the requests that came before the first one. */
export class EndpointWatch {
  /** The newest snapshot; undefined until there is one. */
  current: EndpointSet | undefined = undefined
  readonly #options: WatchOptions
  readonly #closing = new AbortController()
  readonly #waiting = new Set<(arrival: Arrival) => void>()
  readonly #ended: Promise<void>
  #hasFailed = false

  constructor(discovery: Discovery, options: WatchOptions) {
    this.#options = options
    this.#ended = this.#watch(discovery)
  }

  /** Waits for the first snapshot, at most `startTimeoutMs` and with at most `maxWaiting` others. */
  arrival(signal: AbortSignal | undefined): Promise<Arrival> {
    if (this.current) return Promise.resolve('known')
    if (this.#closing.signal.aborted) return Promise.resolve('closed')
    if (this.#hasFailed) return Promise.resolve('failed')
    if (signal?.aborted) return Promise.resolve('aborted')
    const { maxWaiting, startTimeoutMs, clock } = this.#options
    if (this.#waiting.size >= maxWaiting) return Promise.resolve('queue-full')
    return new Promise((resolve) => {
      const end = (arrival: Arrival) => {
        cancel()
        signal?.removeEventListener('abort', abort)
        this.#waiting.delete(end)
        resolve(arrival)
      }
      const abort = () => end('aborted')
      const cancel = clock.after(startTimeoutMs, () => end('timeout'))
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(end)
    })
  }

  /** Ends the watch and every wait; resolves when the discovery has let go. Idempotent. */
  close(): Promise<void> {
    this.#closing.abort()
    this.#endWaits('closed')
    return this.#ended
  }

  async #watch(discovery: Discovery): Promise<void> {
    try {
      await discovery.watch((set) => this.#accept(set), this.#closing.signal)
    } catch (error) {
      // Many sources reject with the abort's own reason; an end that was asked for is no failure.
      if (this.#closing.signal.aborted) return
      this.#hasFailed = true
      this.#options.failed(error)
      // No snapshot will come: whoever waits for the first one would wait for nothing.
      this.#endWaits('failed')
    }
  }

  #accept(set: EndpointSet): void {
    if (this.#closing.signal.aborted) return
    this.current = set
    this.#options.changed(set)
    this.#endWaits('known')
  }

  #endWaits(arrival: Arrival): void {
    for (const end of this.#waiting) end(arrival)
  }
}
