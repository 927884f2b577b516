import { describe, expect, it } from 'vitest'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { LatencyOutliers } from '../../src/health/latency-outliers.ts'
import type { LatencyOutlierOptions } from '../../src/health/passive-health-options.ts'
import { freshState } from '../support/endpoints.ts'

const DEFAULTS = { factor: 3, leastMs: 100, intervalMs: 10_000, leastRequests: 2 }

/** Who is found slow when endpoints with these latencies have answered in one interval. */
function slowOnes(latencies: readonly (readonly number[])[], options: LatencyOutlierOptions = {}): string[] {
  const outliers = new LatencyOutliers({ ...DEFAULTS, ...options }, 0)
  const states = latencies.map((_, index) => freshState(`pod-${index + 1}`))
  for (const [index, all] of latencies.entries()) {
    for (const ms of all) expect(outliers.add(states[index] as EndpointState, ms, 9_999)).toEqual([])
  }
  return outliers.add(freshState('other'), 0, 10_000).map(({ identity }) => identity)
}

describe('latency outliers', () => {
  it.each<[string, string[], readonly (readonly number[])[], LatencyOutlierOptions?]>([
    [
      'none, where all are alike',
      [],
      [
        [50, 60],
        [55, 55],
        [60, 50],
      ],
    ],
    [
      'those above three times the median of the means',
      ['pod-4'],
      [
        [50, 60],
        [70, 70],
        [80, 80],
        [400, 40],
      ],
    ],
    [
      'not one that is just three times as slow',
      [],
      [
        [100, 100],
        [100, 100],
        [300, 300],
      ],
    ],
    [
      'one that is a little slower than that',
      ['pod-3'],
      [
        [100, 100],
        [100, 100],
        [300, 301],
      ],
    ],
    [
      'several: the median does not follow them',
      ['pod-3', 'pod-5'],
      [
        [50, 50],
        [50, 50],
        [900, 900],
        [50, 50],
        [700, 700],
      ],
    ],
    [
      'none, where half of them are slow: which half is right',
      [],
      [
        [200, 200],
        [200, 200],
        [90, 90],
        [300, 300],
      ],
    ],
    [
      'none that is below 100 ms: nobody notices',
      [],
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [100, 100],
      ],
    ],
    [
      'one just above it',
      ['pod-4'],
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [100, 101],
      ],
    ],
    [
      'those above another limit',
      ['pod-4'],
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [9, 9],
      ],
      { leastMs: 5 },
    ],
    [
      'those above another factor',
      ['pod-3'],
      [
        [100, 100],
        [100, 100],
        [160, 160],
      ],
      { factor: 1.5 },
    ],
    [
      'none among two: the median is one of them',
      [],
      [
        [10, 10],
        [900, 900],
      ],
    ],
    ['none that has answered too seldom', [], [[10, 10], [10, 10], [10, 10], [900]]],
    ['none, where too few have answered often enough', [], [[10, 10], [10], [900, 900]]],
  ])('are %s', (_what, expected, latencies, options) => {
    expect(slowOnes(latencies, options)).toEqual(expected)
  })

  it('are judged on one interval alone: the next begins with nothing', () => {
    const outliers = new LatencyOutliers(DEFAULTS, 0)
    const states = [1, 2, 3].map((number) => freshState(`pod-${number}`))
    const round = (now: number, latencies: number[]) =>
      latencies.flatMap((ms, index) => [...outliers.add(states[index] as EndpointState, ms, now)])
    round(0, [10, 10, 900])
    round(1, [10, 10, 900])
    expect(round(10_000, [10, 10, 10]).map(({ identity }) => identity)).toEqual(['pod-3'])
    round(10_001, [10, 10, 10])
    expect(round(20_000, [10, 10, 900])).toEqual([])
    // Only one answer each in this interval, with what came at its start: not enough yet.
    expect(round(30_000, [10, 10, 900])).toEqual([])
  })

  it('count the answer that ends an interval in the next one', () => {
    const outliers = new LatencyOutliers({ ...DEFAULTS, leastRequests: 1 }, 0)
    const [one, two, three] = ['a', 'b', 'c'].map(freshState) as [EndpointState, EndpointState, EndpointState]
    outliers.add(one, 10, 0)
    outliers.add(two, 10, 0)
    expect(outliers.add(three, 900, 10_000)).toEqual([])
    outliers.add(one, 10, 10_001)
    outliers.add(two, 10, 10_001)
    expect(outliers.add(one, 10, 20_000)).toEqual([three])
  })

  it('leave out one that is gone', () => {
    const outliers = new LatencyOutliers({ ...DEFAULTS, leastRequests: 1 }, 0)
    const states = [1, 2, 3, 4].map((number) => freshState(`pod-${number}`))
    for (const [index, ms] of [10, 10, 10, 900].entries()) outliers.add(states[index] as EndpointState, ms, 0)
    outliers.forget(states[3] as EndpointState)
    expect(outliers.add(states[0] as EndpointState, 10, 10_000)).toEqual([])
  })
})
