import type { Clock } from '../../clock.ts'

/** How long an estimate is used before the server is asked again, in milliseconds. */
const RENEWED_AFTER_MS = 10_000

/**
 * The time of the server, by which every replica goes: their own clocks may differ, and one of them may jump. Asked now and then, and
 * carried on by this process's clock, which runs evenly, in between; right to half a round trip.
 */
export class ServerTime {
  readonly #clock: Clock
  readonly #ask: () => Promise<number>
  #offset: number | undefined
  #askedAt = 0
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
    if (now - this.#askedAt >= RENEWED_AFTER_MS) {
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
    this.#offset = Math.round(there - (before + this.#clock.now()) / 2)
  }
}
