import type { Clock } from '../../clock.ts'

/** How long an estimate is used before the server is asked again, in milliseconds. */
const RENEWED_AFTER_MS = 10_000
/** The same of an estimate by an answer that took long, as answers do while a process starts. */
const ROUGH_RENEWED_AFTER_MS = 500
/** An answer that took longer gives a rough estimate. */
const ROUGH_TRIP_MS = 20

/**
 * The time of the server, by which every replica goes: their own clocks may differ, and one of them may jump. Asked now and then, and
 * carried on by this process's clock, which runs evenly, in between; right to half a round trip, of
 * which a long one is not relied on for long.
 */
export class ServerTime {
  readonly #clock: Clock
  readonly #ask: () => Promise<number>
  #offset: number | undefined
  /** The round trip by which the offset was found. */
  #trip = Number.POSITIVE_INFINITY
  #askedAt = 0
  #renewAfterMs = RENEWED_AFTER_MS
  #asking: Promise<void> | undefined

  /** `ask`: the server's time, in milliseconds since the Unix epoch. */
  constructor(clock: Clock, ask: () => Promise<number>) {
    this.#clock = clock
    this.#ask = ask
  }

  /** The server's time now; a promise only before the first answer. An estimate that has aged is renewed beside. */
  now(): number | Promise<number> {
    const now = this.#clock.now()
    if (this.#offset === undefined) return this.renew().then(() => this.estimate)
    if (now - this.#askedAt >= this.#renewAfterMs) {
      // What it fails with shows in the call beside it, which asks the same server.
      this.renew().catch(() => undefined)
    }
    return now + this.#offset
  }

  /** The server's time now as far as it is known: this process's, before the server was asked. */
  get estimate(): number {
    return this.#clock.now() + this.offset
  }

  /** How far the server's time is ahead of this process's clock. */
  get offset(): number {
    return this.#offset ?? 0
  }

  /** Asks the server; callers at the same time share one question. */
  renew(): Promise<void> {
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #renew(): Promise<void> {
    const before = this.#clock.now()
    this.#askedAt = before
    const there = await this.#ask()
    const after = this.#clock.now()
    const trip = after - before
    const offset = Math.round(there - (before + after) / 2)
    this.#renewAfterMs = trip > ROUGH_TRIP_MS ? ROUGH_RENEWED_AFTER_MS : RENEWED_AFTER_MS
    // A rough estimate does not replace a better one, unless the two cannot both be right: a clock was set.
    const isBetter = trip <= Math.max(this.#trip, ROUGH_TRIP_MS)
    const agrees = Math.abs(offset - this.offset) <= (trip + this.#trip) / 2
    if (!isBetter && agrees) return
    this.#offset = offset
    this.#trip = trip
  }
}
