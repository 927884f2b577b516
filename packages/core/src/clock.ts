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

/** Kept because `performance.timeOrigin` is a getter. */
const START = performance.timeOrigin

/** The time in this turn of the event loop; 0 = not read in it yet. */
let turnTime = 0

/**
 * The clock of this process: it starts at the wall clock's time and then runs monotonically, so that a stepped system
 * clock (NTP, a resumed virtual machine) neither expires every binding at once nor keeps them for ever.
 *
 * Time stands still within a turn of the event loop, as in libuv's own clock, nginx's and HAProxy's: a turn serves many
 * requests, and each asks several times.
 *
 * @public
 */
export const systemClock: Clock = {
  now() {
    if (turnTime === 0) {
      turnTime = START + performance.now()
      // Not unref()ed: only an immediate that counts keeps the loop from waiting for I/O with an old time.
      setImmediate(endTurn)
    }
    return turnTime
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

function endTurn(): void {
  turnTime = 0
}
