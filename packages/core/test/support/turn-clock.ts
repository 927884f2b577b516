import type { Clock } from '../../src/clock.ts'

/** A clock without time, whose calls are made one by one. */
export interface TurnClock extends Clock {
  /** Makes the call that waits longest, if any. */
  turn(): void
  /** Makes calls until none waits; answers how many. */
  runAll(): number
  readonly waiting: number
}

/** Makes a clock whose calls are made one by one, to look at what lies between two. */
export function turnClock(): TurnClock {
  const calls = new Set<() => void>()
  const turn = () => {
    const [call] = calls
    if (call === undefined) return
    calls.delete(call)
    call()
  }
  return {
    now: () => 0,
    after: (_delayMs, callback) => {
      const call = () => callback()
      calls.add(call)
      return () => calls.delete(call)
    },
    turn,
    runAll: () => {
      let made = 0
      for (; calls.size > 0; made++) turn()
      return made
    },
    get waiting() {
      return calls.size
    },
  }
}
