import type { Clock } from '@limpet/core'
import type { UpstreamFailure } from '../upstream/upstream.ts'
import { RetryBudget } from './retry-budget.ts'
import type { CheckedRetryOptions } from './retry-options.ts'

/** What of a request decides whether it may be sent again. */
export interface RepeatableRequest {
  readonly method: string
  readonly hasBody: boolean
  /** All of its body can be sent again: no byte was given to an endpoint, or what was is kept. */
  readonly isBodyWhole: boolean
  /** Further tries that were made. */
  readonly tries: number
}

/** Decides which requests that were sent are sent again: only what is safe to repeat, and only within the budget. */
export class RetryPolicy {
  readonly #options: CheckedRetryOptions
  readonly #budget: RetryBudget
  readonly #random: () => number

  constructor(options: CheckedRetryOptions, clock: Clock, random: () => number) {
    this.#options = options
    this.#budget = new RetryBudget(options, () => clock.now())
    this.#random = random
  }

  /** Counts a request. */
  request(): void {
    this.#budget.request()
  }

  /**
   * True if a request that failed so is to be sent again; it is counted then. One that its pod has not looked at is sent
   * again once whatever the budget says: it was no load, and a pod that goes refuses all that are under way at once.
   */
  afterFailure(request: RepeatableRequest, { code, isUnanswered, isUnprocessed }: UpstreamFailure): boolean {
    if (request.tries >= this.#options.limit) return false
    if (isUnprocessed && request.isBodyWhole) return request.tries === 0 || this.#budget.tryAgain()
    const { onReset, onTimeout } = this.#options
    const isCause = code === 'upstream-reset' ? onReset : code === 'upstream-timeout' && onTimeout
    return isCause && isUnanswered && this.#isSafe(request) && this.#budget.tryAgain()
  }

  /** True if a request that was answered with this status is to be sent again; it is counted then. */
  afterStatus(request: RepeatableRequest, status: number): boolean {
    const { onStatus, limit } = this.#options
    if (onStatus.size === 0 || !onStatus.has(status) || request.tries >= limit) return false
    return this.#isSafe(request) && this.#budget.tryAgain()
  }

  /** The pause before a further try, in milliseconds: random, up to a bound that doubles with each (full jitter). */
  pauseMs(tries: number): number {
    return this.#random() * this.#options.delayMs * 2 ** (tries - 1)
  }

  #isSafe({ method, hasBody }: RepeatableRequest): boolean {
    return !hasBody && this.#options.methods.has(method)
  }
}
