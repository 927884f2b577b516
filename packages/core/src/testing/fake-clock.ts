import type { Clock } from '../clock.ts'

/** A clock that stands still until the test moves it. @public */
export interface FakeClock extends Clock {
  /** Moves time on by `ms` and makes the calls that fall due, each at its own time, in order. */
  advance(ms: number): void
  /** Calls that wait for their time: 0 shows that nothing was left behind. */
  readonly pending: number
}

interface Call {
  readonly at: number
  readonly callback: () => void
}

/** Makes a clock for tests. `start` = the first `now()`, default 1 000 000 ms after the epoch. @public */
export function fakeClock(start = 1_000_000): FakeClock {
  let now = start
  const calls = new Set<Call>()
  const earliest = (until: number): Call | undefined => {
    let first: Call | undefined
    for (const call of calls) if (call.at <= until && (!first || call.at < first.at)) first = call
    return first
  }
  return {
    now: () => now,
    after(delayMs, callback) {
      const call = { at: now + Math.max(0, delayMs), callback }
      calls.add(call)
      return () => calls.delete(call)
    },
    advance(ms) {
      const until = now + ms
      for (let call = earliest(until); call; call = earliest(until)) {
        calls.delete(call)
        now = call.at
        call.callback()
      }
      now = until
    },
    get pending() {
      return calls.size
    },
  }
}
