import type { Endpoint } from '../endpoint/endpoint.ts'

/** When endpoints are checked, and what it takes to change the verdict. @public */
export interface CheckSchedule {
  /** Time from the end of one check of an endpoint to its next, in milliseconds. */
  readonly intervalMs: number
  /** Share of the interval, 0 to 1, by which each wait is shortened or lengthened at random. */
  readonly jitter: number
  /** The longest time one check may take, in milliseconds. */
  readonly timeoutMs: number
  /** Checks in a row that must succeed until a failing endpoint passes again. */
  readonly rise: number
  /** Checks in a row that must fail until a passing endpoint is failing. */
  readonly fall: number
  /** Checks of one pool under way at once. */
  readonly maxConcurrent: number
}

/**
 * One way to ask an endpoint whether it is healthy. A pool asks as `schedule` says and keeps the score.
 *
 * @public
 */
export interface HealthCheck {
  /** Stands in messages: `GET /healthz`, `tcp`. */
  readonly name: string
  readonly schedule: CheckSchedule
  /**
   * Asks once: resolves if the endpoint is healthy, rejects with the reason if it is not. Ends, with every socket
   * released, when `signal` aborts: at the timeout, or because the endpoint is gone or has another address. A pool never
   * asks one endpoint twice at once; it waits no longer for a probe that it has aborted, whose answer no longer counts.
   */
  probe(endpoint: Endpoint, signal: AbortSignal): Promise<void>
}
