import type { Clock } from '../clock.ts'

/** How a wait has ended. */
export type WaitEnd = 'woken' | 'timeout' | 'queue-full' | 'aborted' | 'closed'

/** Waits that are bounded in time and in number, and end when their request is aborted. */
export class BoundedWaits {
  readonly #clock: Clock
  readonly #most: number
  readonly #waiting = new Set<(end: WaitEnd) => void>()
  #isClosed = false

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** Waits under way. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Waits for `limitMs` at most. `arm` gets what wakes this wait alone, and answers what undoes the arming; it is not
   * called for a wait that cannot begin. `most`: as many waits as may be under way with this one among them.
   */
  wait(
    limitMs: number,
    signal: AbortSignal | undefined,
    arm?: (wake: () => void) => () => void,
    most: number = this.#most,
  ): Promise<WaitEnd> {
    if (this.#isClosed) return Promise.resolve('closed')
    if (signal?.aborted) return Promise.resolve('aborted')
    if (this.#waiting.size >= most) return Promise.resolve('queue-full')
    return new Promise((resolve) => {
      const end = (how: WaitEnd) => {
        cancel()
        disarm?.()
        signal?.removeEventListener('abort', abort)
        this.#waiting.delete(end)
        resolve(how)
      }
      const abort = () => end('aborted')
      const cancel = this.#clock.after(limitMs, () => end('timeout'))
      const disarm = arm?.(() => end('woken'))
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(end)
    })
  }

  wakeAll(): void {
    for (const end of this.#waiting) end('woken')
  }

  /** Ends every wait; later ones end at once. Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const end of this.#waiting) end('closed')
  }
}
