import type { Clock } from '../../../clock.ts'

/** Numbers of a {@link Backoff}. */
export interface BackoffOptions {
  /** The shortest wait after a first failure. */
  readonly baseMs: number
  /** The longest wait after any. */
  readonly maxMs: number
  /** After this long without a failure the next one is a first one again. */
  readonly resetMs: number
  readonly clock: Clock
  readonly random: () => number
}

/**
 * Waits as client-go's reflector (`tools/cache/reflector.go`): each doubles the one before, and each is random between
 * itself and its double, so that the gateways of a cluster do not come back as one. Other than there `maxMs` holds with
 * the randomness: at the end waits lie between the half of it and itself.
 */
export class Backoff {
  readonly #options: BackoffOptions
  #nextMs: number
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(options: BackoffOptions) {
    this.#options = options
    this.#nextMs = options.baseMs
  }

  /** How long to wait now that something has failed. */
  next(): number {
    const { baseMs, maxMs, resetMs, clock, random } = this.#options
    const now = clock.now()
    if (now - this.#lastAt > resetMs) this.#nextMs = baseMs
    const shortest = Math.min(this.#nextMs, maxMs / 2)
    const waitMs = shortest * (1 + random())
    this.#nextMs = Math.min(shortest * 2, maxMs)
    // From its end on, or a long wait would count as health.
    this.#lastAt = now + waitMs
    return waitMs
  }
}
