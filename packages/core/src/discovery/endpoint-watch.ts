import type { Clock } from '../clock.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import { BoundedWaits, type WaitEnd } from '../route/bounded-waits.ts'
import type { Discovery } from './discovery.ts'

/** Why a wait for the first snapshot has ended. */
export type Arrival = 'known' | 'failed' | Exclude<WaitEnd, 'woken'>

/** What an {@link EndpointWatch} needs besides the discovery. */
export interface WatchOptions {
  /** The longest wait for the first snapshot, in milliseconds. */
  readonly startTimeoutMs: number
  /** Requests that may wait for it at once. */
  readonly maxWaiting: number
  readonly clock: Clock
  /** Told of every snapshot, the first included. */
  readonly changed: (set: EndpointSet) => void
  /**
   * Told of each failure of the discovery; `isFinal` = it gave up, `asOf` = when its endpoints were last known to be right.
   * The last snapshot stays.
   */
  readonly failed: (error: unknown, isFinal: boolean, asOf: number | undefined) => void
}

/** Holds the newest snapshot of a discovery for the request path, and the requests that came before the first one. */
export class EndpointWatch {
  /** The newest snapshot; undefined until there is one. */
  current: EndpointSet | undefined = undefined
  readonly #options: WatchOptions
  readonly #closing = new AbortController()
  readonly #waits: BoundedWaits
  readonly #ended: Promise<void>
  #hasFailed = false

  constructor(discovery: Discovery, options: WatchOptions) {
    this.#options = options
    this.#waits = new BoundedWaits(options.clock, options.maxWaiting)
    this.#ended = this.#watch(discovery)
  }

  /** Waits for the first snapshot, at most `startTimeoutMs` and with at most `maxWaiting` others. */
  async arrival(signal: AbortSignal | undefined): Promise<Arrival> {
    if (this.current) return 'known'
    if (this.#hasFailed && !this.#closing.signal.aborted) return 'failed'
    const end = await this.#waits.wait(this.#options.startTimeoutMs, signal)
    if (end !== 'woken') return end
    return this.current ? 'known' : 'failed'
  }

  /** Requests that wait for the first snapshot. */
  get waiting(): number {
    return this.#waits.size
  }

  /** Ends the watch and every wait; resolves when the discovery has let go. Idempotent. */
  close(): Promise<void> {
    this.#closing.abort()
    this.#waits.close()
    return this.#ended
  }

  async #watch(discovery: Discovery): Promise<void> {
    try {
      await discovery.watch(
        (set) => this.#accept(set),
        this.#closing.signal,
        (error, asOf) => {
          if (!this.#closing.signal.aborted) this.#options.failed(error, false, asOf)
        },
      )
    } catch (error) {
      // Many sources reject with the abort's own reason; an end that was asked for is no failure.
      if (this.#closing.signal.aborted) return
      this.#hasFailed = true
      this.#options.failed(error, true, undefined)
      // No snapshot will come: whoever waits for the first one would wait for nothing.
      this.#waits.wakeAll()
    }
  }

  #accept(set: EndpointSet): void {
    if (this.#closing.signal.aborted) return
    this.current = set
    this.#options.changed(set)
    this.#waits.wakeAll()
  }
}
