import type { Clock } from '../../clock.ts'
import { StickyError } from '../../error.ts'

/** What a {@link Breaker} needs. */
export interface BreakerHost {
  readonly clock: Clock
  /** Failures in a row after which nothing is asked any more. */
  readonly failures: number
  /** Time between two probes, in milliseconds. */
  readonly probeMs: number
  /** Asks the server something that changes nothing; rejects if it does not answer. */
  readonly probe: () => Promise<void>
  /** Whether a failure says that the server is away, and not that it refuses a call. */
  readonly isAway: (error: unknown) => boolean
  /** Told when the server is taken for away, and when it is back. */
  readonly changed: (state: 'away' | 'back', error: unknown) => void
}

/**
 * Stops asking a server that does not answer: a request then learns at once what it would learn after its time-out, and a server that
 * comes back is not met by a crowd. A probe of its own finds out when it is back, so that no request is the test.
 */
export class Breaker {
  readonly #host: BreakerHost
  #failures = 0
  #isOpen = false
  #isClosed = false
  #error: unknown
  #cancelProbe: (() => void) | undefined

  constructor(host: BreakerHost) {
    this.#host = host
  }

  /** True while the server is taken for away. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Why nothing is to be asked; undefined where it is. */
  refusal(): StickyError | undefined {
    if (!this.#isOpen) return undefined
    return new StickyError(
      'table-away',
      'the sticky table is not asked: its server did not answer, and is probed',
      {
        cause: this.#error,
      },
    )
  }

  /** A call was answered. */
  succeeded(): void {
    this.#failures = 0
  }

  /** A call failed. */
  failed(error: unknown): void {
    if (!this.#host.isAway(error)) {
      this.#failures = 0
      return
    }
    if (this.#isOpen || this.#isClosed || ++this.#failures < this.#host.failures) return
    this.#isOpen = true
    this.#error = error
    this.#host.changed('away', error)
    this.#probeLater()
  }

  /** Ends the probes. */
  close(): void {
    this.#isClosed = true
    this.#cancelProbe?.()
    this.#cancelProbe = undefined
  }

  #probeLater(): void {
    if (this.#isClosed) return
    this.#cancelProbe = this.#host.clock.after(this.#host.probeMs, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    try {
      await this.#host.probe()
    } catch (error) {
      this.#error = error
      return this.#probeLater()
    }
    if (this.#isClosed) return
    this.#isOpen = false
    this.#failures = 0
    this.#error = undefined
    this.#host.changed('back', undefined)
  }
}
