/**
 * Time as Limpet reads it. Everything that waits or expires takes a clock, so that tests inject one and never sleep.
 *
 * @public
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. Must never go backwards. */
  now(): number
  /**
   * Calls `callback` once, `delayMs` from now. Must not keep the process alive.
   * Answers a function that cancels the call; cancelling twice, or after the call, does nothing.
   */
  after(delayMs: number, callback: () => void): () => void
}

/** Kept because `performance.timeOrigin` is a getter, and `now()` is called several times for each request. */
const START = performance.timeOrigin

/**
 * The clock of this process: it starts at the wall clock's time and then runs monotonically, so that a stepped system
 * clock (NTP, a resumed virtual machine) neither expires every binding at once nor keeps them for ever.
 *
 * @public
 */
export const systemClock: Clock = {
  now: () => START + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
