import type { Clock } from '../../clock.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type { Met } from './redis-walk.ts'

/** What {@link RedisCounts} needs. */
export interface CountsHost {
  readonly clock: Clock
  /** Time between the end of one count and the begin of the next, in milliseconds. */
  readonly everyMs: number
  /** Goes over the bindings. */
  readonly walk: (signal: AbortSignal) => AsyncIterable<readonly Met[]>
  /** Told of a count that failed; the next one comes in its time. */
  readonly failed: (error: unknown) => void
}

/**
 * Keys by endpoint, counted now and then by going over all of them, and corrected by what this replica binds and moves in between. So they
 * are approximate: what other replicas do shows with the next count, and so do bindings that end by their time-outs.
 */
export class RedisCounts {
  readonly #host: CountsHost
  readonly #stop = new AbortController()
  #counts = new Map<Identity, number>()
  /** What this replica did while a count is under way, which the count may or may not have met: added to its result. */
  #since: Map<Identity, number> | undefined
  #countedAt: number | undefined
  #cancelNext: (() => void) | undefined

  constructor(host: CountsHost) {
    this.#host = host
    this.#next(0)
  }

  of(identity: Identity): number {
    return Math.max(0, this.#counts.get(identity) ?? 0)
  }

  all(): ReadonlyMap<Identity, number> {
    return new Map([...this.#counts].filter(([, count]) => count > 0))
  }

  /** Time since the last count ended, in milliseconds; `Infinity` before the first. */
  get ageMs(): number {
    return this.#countedAt === undefined ? Number.POSITIVE_INFINITY : this.#host.clock.now() - this.#countedAt
  }

  /** This replica has bound a key to an endpoint (`1`) or away from it (`-1`). */
  changed(identity: Identity, by: 1 | -1): void {
    add(this.#counts, identity, by)
    if (this.#since) add(this.#since, identity, by)
  }

  /** What was counted for one endpoint. */
  correct(identity: Identity, count: number): void {
    this.#counts.set(identity, count)
  }

  close(): void {
    this.#stop.abort()
    this.#cancelNext?.()
    this.#cancelNext = undefined
  }

  #next(delayMs: number): void {
    if (this.#stop.signal.aborted) return
    this.#cancelNext = this.#host.clock.after(delayMs, () => void this.#count())
  }

  async #count(): Promise<void> {
    const { walk, failed, clock, everyMs } = this.#host
    const counts = new Map<Identity, number>()
    this.#since = new Map()
    try {
      for await (const page of walk(this.#stop.signal)) {
        for (const { stored } of page) add(counts, stored.identity, 1)
      }
      // What was done in the first half of a count has been met by it as a rule, what was done in the second half has not; half of
      // it is the better guess. The next count puts it right.
      for (const [identity, by] of this.#since) add(counts, identity, Math.round(by / 2))
      this.#counts = counts
      this.#countedAt = clock.now()
    } catch (error) {
      if (!this.#stop.signal.aborted) failed(error)
    }
    this.#since = undefined
    this.#next(everyMs)
  }
}

function add(counts: Map<Identity, number>, identity: Identity, by: number): void {
  counts.set(identity, (counts.get(identity) ?? 0) + by)
}
