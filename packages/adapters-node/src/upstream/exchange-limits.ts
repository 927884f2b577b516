/** Limits of every exchange with a pod, whatever the version of HTTP. */
export interface ExchangeLimits {
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxHeadBytes: number
}

/** A response without trailers. */
export const NO_TRAILERS: readonly string[] = []

/** More interim responses than any pod has a use for: what comes behind them is no answer. */
export const MOST_INTERIM_RESPONSES = 32
