import type { Clock } from '../../clock.ts'

/** What a {@link SnapshotPace} needs. */
export interface SnapshotPaceOptions {
  /** The shortest time between two snapshots, in milliseconds. */
  readonly coalesceMs: number
  readonly clock: Clock
  /** Makes a snapshot of what has changed, and hands it on. Must not throw. */
  readonly make: () => void
}

/** Making snapshots and what a pool does with each takes at most this share of the time: one part in so many. */
const SHARE = 4
/** However long a snapshot takes, changes wait no longer for their own. */
const MAX_PAUSE_MS = 100

/**
 * When snapshots are made: at once after a quiet time, with all that came in the same turn of the event loop; in a burst
 * after `coalesceMs`, or longer where snapshots are dear, so that a rollout of thousands of pods leaves time for requests.
 */
export class SnapshotPace {
  readonly #options: SnapshotPaceOptions
  #notBefore = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined = undefined
  #isClosed = false

  constructor(options: SnapshotPaceOptions) {
    this.#options = options
  }

  /** Something has changed. */
  changed(): void {
    if (this.#cancel || this.#isClosed) return
    const { clock } = this.#options
    const waitMs = this.#notBefore - clock.now()
    if (waitMs > 0) {
      this.#cancel = clock.after(waitMs, () => this.#make())
    } else {
      const immediate = setImmediate(() => this.#make())
      this.#cancel = () => clearImmediate(immediate)
    }
  }

  /** No snapshot is made from now on. */
  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #make(): void {
    const { coalesceMs, clock, make } = this.#options
    this.#cancel = undefined
    // Not by the clock: that of this process stands still within a turn.
    const from = performance.now()
    make()
    const tookMs = performance.now() - from
    this.#notBefore = clock.now() + Math.min(Math.max(coalesceMs, tookMs * (SHARE - 1)), MAX_PAUSE_MS)
  }
}
