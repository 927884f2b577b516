import type { Clock } from '../../src/clock.ts'

/** A clock that runs so many times as fast as time: for tests with real sockets and waits of minutes. */
export function hurriedClock(factor: number): Clock {
  const start = performance.now()
  return {
    now: () => (performance.now() - start) * factor,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs / factor)
      return () => clearTimeout(timer)
    },
  }
}
