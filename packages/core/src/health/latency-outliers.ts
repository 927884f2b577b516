import type { EndpointState } from '../endpoint/endpoint-state.ts'
import type { LatencyOutlierOptions } from './passive-health-options.ts'

/** Below three, the median is one of the suspects themselves. */
const LEAST_JUDGED = 3

/**
 * Finds endpoints much slower than the others: at the end of each interval, those whose mean latency is above `factor`
 * times the median of the means. A median does not follow a few slow endpoints, as a mean would. Intervals end when an
 * answer comes after their time: a pool without traffic has no timer.
 */
export class LatencyOutliers {
  readonly #options: Required<LatencyOutlierOptions>
  readonly #measured = new Set<EndpointState>()
  #endsAt: number

  constructor(options: Required<LatencyOutlierOptions>, now: number) {
    this.#options = options
    this.#endsAt = now + options.intervalMs
  }

  /** Adds a latency; answers the outliers of the interval that it ends, mostly none. */
  add(state: EndpointState, latencyMs: number, now: number): readonly EndpointState[] {
    const outliers = now < this.#endsAt ? NONE : this.#judge(now)
    state.health.latencySumMs += latencyMs
    state.health.latencies++
    this.#measured.add(state)
    return outliers
  }

  /** Leaves out an endpoint that is gone. */
  forget(state: EndpointState): void {
    this.#measured.delete(state)
  }

  #judge(now: number): EndpointState[] {
    const { factor, leastMs, intervalMs, leastRequests } = this.#options
    this.#endsAt = now + intervalMs
    const judged: { state: EndpointState; meanMs: number }[] = []
    for (const state of this.#measured) {
      const { health } = state
      if (health.latencies >= leastRequests) {
        judged.push({ state, meanMs: health.latencySumMs / health.latencies })
      }
      health.latencySumMs = 0
      health.latencies = 0
    }
    this.#measured.clear()
    if (judged.length < LEAST_JUDGED) return []
    const means = judged.map(({ meanMs }) => meanMs).sort((one, other) => one - other)
    const median = means[(means.length - 1) >> 1] as number
    const limitMs = Math.max(factor * median, leastMs)
    return judged.filter(({ meanMs }) => meanMs > limitMs).map(({ state }) => state)
  }
}

const NONE: readonly EndpointState[] = []
