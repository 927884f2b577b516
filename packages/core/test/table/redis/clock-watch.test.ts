import { expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { ClockWatch } from '../../../src/table/redis/clock-watch.ts'

/** Clocks of a process, each of which can be set. */
function clocks() {
  const shown = { watched: 5_000, monotonic: 70, wall: 1_000_000 }
  return { shown, others: { monotonic: () => shown.monotonic, wall: () => shown.wall } }
}

it.each([
  ['watched', 51, true],
  ['watched', -51, true],
  ['watched', 50, false],
  ['wall', 51, true],
  ['wall', -51, true],
  ['wall', -50, false],
  ['monotonic', 51, true],
] as const)('tells of clocks that part by the %s one, which jumps by %i ms: %s', (which, ms, isTold) => {
  const { shown, others } = clocks()
  const watch = new ClockWatch({ ...systemClock, now: () => shown.watched }, others)
  watch.begin(shown.watched)
  for (const clock of ['watched', 'monotonic', 'wall'] as const) shown[clock] += 9_000
  expect(watch.hasJumped(shown.watched)).toBe(false)
  shown[which] += ms
  expect(watch.hasJumped(shown.watched)).toBe(isTold)
  watch.begin(shown.watched)
  expect(watch.hasJumped(shown.watched)).toBe(false)
})

it('holds the clock of the library, which stands still within a turn, against the wall clock alone', () => {
  const { shown, others } = clocks()
  const watch = new ClockWatch(systemClock, others)
  const now = systemClock.now()
  watch.begin(now)
  for (const clock of ['monotonic', 'wall'] as const) shown[clock] += 900
  expect(watch.hasJumped(now)).toBe(false)
  shown.wall += 3_600_000
  expect(watch.hasJumped(now)).toBe(true)
})
