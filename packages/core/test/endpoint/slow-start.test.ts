import { describe, expect, it } from 'vitest'
import { SlowStart } from '../../src/endpoint/slow-start.ts'
import { freshState } from '../support/endpoints.ts'

function shares(slowStart: SlowStart, times: readonly number[]): number[] {
  const state = freshState('pod-1')
  state.startedAt = 5_000
  return times.map((ms) => slowStart.share(state, 5_000 + ms))
}

describe('slow start', () => {
  it('raises the share in a straight line over its window, from a tenth to all of it', () => {
    const slowStart = new SlowStart({ windowMs: 40_000 })
    expect(shares(slowStart, [0, 3_999, 4_000, 10_000, 20_000, 39_000, 40_000, 90_000])).toEqual([
      0.1, 0.1, 0.1, 0.25, 0.5, 0.975, 1, 1,
    ])
  })

  it('starts at the share that is asked for', () => {
    expect(shares(new SlowStart({ windowMs: 1_000, from: 0.5 }), [0, 400, 500, 750, 1_000])).toEqual([
      0.5, 0.5, 0.5, 0.75, 1,
    ])
    expect(shares(new SlowStart({ windowMs: 1_000, from: 1 }), [0, 500])).toEqual([1, 1])
  })

  it('leaves an endpoint alone that does not start', () => {
    expect(new SlowStart({ windowMs: 1_000 }).share(freshState('pod-1'), 0)).toBe(1)
  })

  it.each([
    [1, 1_000],
    [20_000, 1_000],
    [20_100, 1_005],
    [60_000, 3_000],
  ])('over %i ms goes in steps of %i ms: twenty, none under a second', (windowMs, stepMs) => {
    expect(new SlowStart({ windowMs }).stepMs).toBe(stepMs)
  })
})
