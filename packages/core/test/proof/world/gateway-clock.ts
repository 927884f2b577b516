import type { Clock } from '../../../src/clock.ts'
import { monotonic } from '../history/monotonic.ts'

/** A clock that is ahead of the others, and can jump further. */
export interface GatewayClock extends Clock {
  jump(ms: number): void
}

export function gatewayClock(skewMs: number): GatewayClock {
  const start = Date.now() - monotonic() + skewMs
  let jumped = 0
  return {
    now: () => start + jumped + monotonic(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      timer.unref()
      return () => clearTimeout(timer)
    },
    jump(ms) {
      jumped += ms
    },
  }
}

/** Has the clock of this machine jump, as far as this process can tell. */
export function jumpWallClock(ms: number): void {
  const { now } = Date
  Date.now = () => now() + ms
}
