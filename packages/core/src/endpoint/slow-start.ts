import type { EndpointState } from './endpoint-state.ts'

/** Options of slow start. @public */
export interface SlowStartOptions {
  /** How long an endpoint takes to its whole weight, in milliseconds; at least 1. */
  readonly windowMs: number
  /** Share of its weight that it starts with, above 0, at most 1. Default 0.1. */
  readonly from?: number
}

/** Steps of a ramp, and the shortest of them, as HAProxy's `slowstart`: finer steps would rebuild snapshots for nothing. */
const STEPS = 20
const SHORTEST_STEP_MS = 1_000

/**
 * Gives endpoints that are new, or back after they were down, their weight in placement little by little: a cold cache or
 * an empty connection pool meets its load gently. Keys bound there are served at once, whatever the weight.
 */
export class SlowStart {
  readonly #windowMs: number
  readonly #from: number

  constructor({ windowMs, from = 0.1 }: SlowStartOptions) {
    this.#windowMs = windowMs
    this.#from = from
  }

  get stepMs(): number {
    return Math.max(SHORTEST_STEP_MS, this.#windowMs / STEPS)
  }

  /** How much of its weight the endpoint has now. */
  share({ startedAt }: EndpointState, now: number): number {
    if (startedAt === undefined) return 1
    return Math.min(1, Math.max(this.#from, (now - startedAt) / this.#windowMs))
  }
}
