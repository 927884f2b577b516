import { describe, expect, it } from 'vitest'
import { Backoff } from '../../../../src/discovery/kubernetes/api/backoff.ts'
import { fakeClock } from '../../../../src/testing/index.ts'

function waits(random: number): (pauseMs?: number) => number {
  const clock = fakeClock()
  const backoff = new Backoff({ baseMs: 800, maxMs: 30_000, resetMs: 120_000, clock, random: () => random })
  return (pauseMs = 0) => {
    clock.advance(pauseMs)
    const waitMs = backoff.next()
    clock.advance(waitMs)
    return waitMs
  }
}

describe('waits after failures', () => {
  it('double up to their limit, each random between itself and its double', () => {
    const [shortest, longest] = [waits(0), waits(1)]
    expect([1, 2, 3, 4, 5, 6, 7].map(() => shortest())).toEqual([
      800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000,
    ])
    expect([1, 2, 3, 4, 5, 6, 7].map(() => longest())).toEqual([
      1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ])
  })

  it('begin anew after two minutes of health, and not sooner', () => {
    const next = waits(0)
    next()
    next()
    expect(next(120_000)).toBe(3_200)
    expect(next(120_001)).toBe(800)
  })
})
