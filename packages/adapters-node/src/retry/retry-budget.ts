const WINDOW_SECONDS = 10

/** Limits of a {@link RetryBudget}. */
export interface RetryBudgetLimits {
  /** Further tries as a share of the requests of the last 10 s. */
  readonly budget: number
  /** Further tries per second that are allowed whatever the traffic. */
  readonly leastPerSecond: number
}

/**
 * Keeps further tries to a share of the traffic, so that a pod in trouble is not given a multiple of its load (Finagle's
 * and Linkerd's retry budget; here over a window of whole seconds).
 */
export class RetryBudget {
  readonly #limits: RetryBudgetLimits
  readonly #now: () => number
  /** Requests, and further tries, of the last seconds; each second has a place of its own. */
  readonly #requests = new Float64Array(WINDOW_SECONDS)
  readonly #tries = new Float64Array(WINDOW_SECONDS)
  #second = 0

  constructor(limits: RetryBudgetLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
    this.#second = this.#currentSecond()
  }

  /** Counts a request. */
  request(): void {
    const place = this.#place()
    this.#requests[place] = (this.#requests[place] as number) + 1
  }

  /** True if another try is allowed, and then counts it. */
  tryAgain(): boolean {
    const place = this.#place()
    const { budget, leastPerSecond } = this.#limits
    const allowed = leastPerSecond * WINDOW_SECONDS + budget * sum(this.#requests)
    if (sum(this.#tries) + 1 > allowed) return false
    this.#tries[place] = (this.#tries[place] as number) + 1
    return true
  }

  /** The place of this second, after those that have passed since the last call are emptied; none has if the clock was set back. */
  #place(): number {
    const second = this.#currentSecond()
    if (second !== this.#second) {
      const passed = Math.min(WINDOW_SECONDS, second - this.#second)
      for (let ago = 0; ago < passed; ago++) {
        const place = placeOf(second - ago)
        this.#requests[place] = 0
        this.#tries[place] = 0
      }
      this.#second = second
    }
    return placeOf(second)
  }

  #currentSecond(): number {
    return Math.floor(this.#now() / 1_000)
  }
}

function placeOf(second: number): number {
  return ((second % WINDOW_SECONDS) + WINDOW_SECONDS) % WINDOW_SECONDS
}

function sum(counts: Float64Array): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
