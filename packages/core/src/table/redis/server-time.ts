import type { Clock } from '../../clock.ts'
import type { ClockWatch } from './clock-watch.ts'

/** How long an estimate is used before the server is asked again, in milliseconds. */
const RENEWED_AFTER_MS = 10_000
/** The same of an estimate by an answer that took long, as answers do while a process starts, and after a failure. */
const ROUGH_RENEWED_AFTER_MS = 500
/** An answer that took longer gives a rough estimate. */
const ROUGH_TRIP_MS = 20
/** Questions in a row during which a clock jumps; then one is believed all the same. */
const MOST_QUESTIONS = 3

/**
 * The time of the server, by which every replica goes: their own clocks may differ, and one of them may jump. Asked now and then, and
 * carried on by this process's clock in between; right to half a round trip, of which a long one is not relied on for long. When this
 * process's clocks have parted the server is asked before the estimate is used again.
 */
export class ServerTime {
  readonly #clock: Clock
  readonly #ask: () => Promise<number>
  readonly #watch: ClockWatch
  #isKnown = false
  #offset = 0
  /** The round trip by which the offset was found. */
  #trip = Number.POSITIVE_INFINITY
  #askedAt = 0
  #renewAfterMs = RENEWED_AFTER_MS
  #asking: Promise<void> | undefined
  /** What the clock showed when it was looked at last, and the latest that it ever showed. */
  #lookedAt = Number.NaN
  #latest = Number.NEGATIVE_INFINITY

  /** `ask`: the server's time, in milliseconds since the Unix epoch. */
  constructor(clock: Clock, ask: () => Promise<number>, watch: ClockWatch) {
    this.#clock = clock
    this.#ask = ask
    this.#watch = watch
  }

  /** The server's time now, or undefined where the server is to be asked first. An estimate that has aged is renewed beside. */
  known(): number | undefined {
    const now = this.#clock.now()
    // The clock stands still within a turn of the event loop: one comparison for each call, a look for each turn.
    if (now !== this.#lookedAt) this.#look(now)
    return this.#isKnown ? now + this.#offset : undefined
  }

  /** The server's time now as far as it is known: this process's, before the server was asked. */
  get estimate(): number {
    return this.#clock.now() + this.#offset
  }

  /** How far the server's time is ahead of this process's clock. */
  get offset(): number {
    return this.#offset
  }

  /** True while the clock shows times that it has shown before, so that those noted then are wrong. */
  get isRepeated(): boolean {
    return this.#clock.now() < this.#latest
  }

  /** Asks the server; callers at the same time share one question. */
  renew(): Promise<void> {
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Something has happened after which the server may be another, with a clock of its own: it is asked again soon. */
  renewSoon(): void {
    this.#renewAfterMs = Math.min(this.#renewAfterMs, ROUGH_RENEWED_AFTER_MS)
  }

  /** Takes in what the server told beside another answer, asked for at a time of this process's clock. */
  observe(askedAt: number, there: number): void {
    const now = this.#clock.now()
    const trip = now - askedAt
    if (!this.#isKnown || trip < 0 || this.#watch.hasJumped(now)) return
    const offset = Math.round(there - (askedAt + now) / 2)
    if (!this.#agrees(offset, trip)) this.#adopt(offset, trip)
  }

  #look(now: number): void {
    this.#lookedAt = now
    if (now > this.#latest) this.#latest = now
    if (!this.#isKnown) return
    if (this.#watch.hasJumped(now)) {
      this.#isKnown = false
      return
    }
    // What it fails with shows in the call beside it, which asks the same server.
    if (now - this.#askedAt >= this.#renewAfterMs) this.renew().catch(() => undefined)
  }

  async #renew(): Promise<void> {
    this.#renewAfterMs = ROUGH_RENEWED_AFTER_MS
    for (let question = 1; ; question++) {
      const before = this.#clock.now()
      // An estimate of before a jump says nothing of the time after it.
      if (this.#isKnown && this.#watch.hasJumped(before)) this.#isKnown = false
      this.#watch.begin(before)
      this.#askedAt = before
      const there = await this.#ask()
      const after = this.#clock.now()
      if (question < MOST_QUESTIONS && (after < before || this.#watch.hasJumped(after))) {
        this.#isKnown = false
        continue
      }
      return this.#learn(Math.round(there - (before + after) / 2), Math.max(0, after - before))
    }
  }

  #learn(offset: number, trip: number): void {
    if (trip <= ROUGH_TRIP_MS) this.#renewAfterMs = RENEWED_AFTER_MS
    // A rough estimate does not replace a better one, unless the two cannot both be right: a clock was set.
    const isBetter = !this.#isKnown || trip <= Math.max(this.#trip, ROUGH_TRIP_MS)
    if (isBetter || !this.#agrees(offset, trip)) this.#adopt(offset, trip)
  }

  /** Whether both estimates can be right. The server tells its time in whole milliseconds. */
  #agrees(offset: number, trip: number): boolean {
    return Math.abs(offset - this.#offset) <= (trip + this.#trip) / 2 + 1
  }

  #adopt(offset: number, trip: number): void {
    // A clock that jumps there and back shows again what it showed when it was looked at.
    this.#lookedAt = Number.NaN
    this.#isKnown = true
    this.#offset = offset
    this.#trip = trip
  }
}
