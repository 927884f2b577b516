import { type Clock, systemClock } from '../../clock.ts'

/** What a clock is compared with: times in milliseconds, of which only the differences count. */
export interface OtherClocks {
  /** Runs evenly; may stand still while the machine sleeps. */
  monotonic(): number
  /** May be set. */
  wall(): number
}

/** Those of this process. */
export const ITS_OWN: OtherClocks = { monotonic: () => performance.now(), wall: () => Date.now() }

/** A smaller difference may come of a clock that stands still within a turn, and does no harm: rule 12 has more slack. */
const LEAST_JUMP_MS = 50

/**
 * Tells whether this process's clocks have parted since a moment: one of them was set, or stood still while the machine slept. Which one it
 * was does not matter: what was derived from any of them has to be asked anew.
 */
export class ClockWatch {
  readonly #others: OtherClocks
  /** The library's own clock is the monotonic one, read once a turn: there is nothing to compare. */
  readonly #isMonotonic: boolean
  #aheadOfMonotonic = 0
  #wallAhead = 0

  constructor(clock: Clock, others: OtherClocks) {
    this.#others = others
    this.#isMonotonic = clock === systemClock
  }

  /** The clocks are compared with how they stand now. `now`: what the watched one shows. */
  begin(now: number): void {
    const monotonic = this.#others.monotonic()
    this.#aheadOfMonotonic = now - monotonic
    this.#wallAhead = this.#others.wall() - monotonic
  }

  hasJumped(now: number): boolean {
    const monotonic = this.#others.monotonic()
    const wallBy = this.#others.wall() - monotonic - this.#wallAhead
    if (wallBy > LEAST_JUMP_MS || wallBy < -LEAST_JUMP_MS) return true
    if (this.#isMonotonic) return false
    const by = now - monotonic - this.#aheadOfMonotonic
    return by > LEAST_JUMP_MS || by < -LEAST_JUMP_MS
  }
}
