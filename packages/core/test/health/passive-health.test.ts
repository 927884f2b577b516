import { describe, expect, it } from 'vitest'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PassiveHealth } from '../../src/health/passive-health.ts'
import { checkPassiveHealth, type PassiveHealthOptions } from '../../src/health/passive-health-options.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { freshState } from '../support/endpoints.ts'

function passive(options: PassiveHealthOptions | false = {}, size = 4) {
  const clock = fakeClock()
  const told: string[] = []
  const states = Array.from({ length: size }, (_, index) => freshState(`pod-${index + 1}`))
  const health = new PassiveHealth(checkPassiveHealth('passiveHealth', options), {
    clock,
    poolSize: () => size,
    isListed: (state) => states.includes(state),
    changed: ({ identity, health: { traffic } }, reason) =>
      void told.push(`${identity} ${traffic} ${reason}`),
  })
  const state = (number: number) => states[number - 1] as EndpointState
  const fail = (number: number, times = 1) => {
    for (let time = 0; time < times; time++) health.connectFailed(state(number))
  }
  const answer = (number: number, isError = false, times = 1) => {
    for (let time = 0; time < times; time++) health.answered(state(number), isError, undefined)
  }
  const isOut = (number: number) => state(number).health.traffic !== 'healthy'
  return { health, clock, told, state, fail, answer, isOut }
}

describe('failed connections', () => {
  it('take an endpoint out after three in a row, and not after two', () => {
    const { fail, told, state } = passive()
    fail(1, 2)
    expect(told).toEqual([])
    fail(1)
    expect(told).toEqual(['pod-1 unreachable connect-failures'])
    expect(state(1).health).toMatchObject({ ejections: 1, traffic: 'unreachable' })
    fail(1, 5)
    expect(told).toHaveLength(1)
  })

  it.each([1, 7])('take an endpoint out after %i, if asked to', (connectFailures) => {
    const { fail, told } = passive({ connectFailures })
    fail(1, connectFailures - 1)
    expect(told).toEqual([])
    fail(1)
    expect(told).toHaveLength(1)
  })

  it('count in a row: an answer in between, even an error, starts again', () => {
    const { fail, answer, told } = passive()
    fail(1, 2)
    answer(1)
    fail(1, 2)
    answer(1, true)
    fail(1, 2)
    expect(told).toEqual([])
    fail(1)
    expect(told).toHaveLength(1)
  })

  it('count for each endpoint apart', () => {
    const { fail, told } = passive()
    for (const number of [1, 2, 3, 4]) fail(number, 2)
    expect(told).toEqual([])
  })

  it.each<PassiveHealthOptions | false>([false, { connectFailures: false }])(
    'count for nothing with %o',
    (options) => {
      const { fail, answer, told, clock } = passive(options)
      fail(1, 100)
      answer(1, true, 100)
      expect(told).toEqual([])
      expect(clock.pending).toBe(0)
    },
  )
})

describe('answers that are errors', () => {
  it('take nobody out unless asked to', () => {
    const { answer, told } = passive()
    answer(1, true, 1_000)
    expect(told).toEqual([])
  })

  it('take an endpoint out after as many in a row as asked, and not one fewer', () => {
    const { answer, told } = passive({ errors: 5 })
    answer(1, true, 4)
    answer(1)
    answer(1, true, 4)
    expect(told).toEqual([])
    answer(1, true)
    expect(told).toEqual(['pod-1 ejected errors'])
  })

  it('are not reset by a failed connection, which proves nothing good', () => {
    const { answer, fail, told } = passive({ errors: 3 })
    answer(1, true, 2)
    fail(1)
    answer(1, true)
    expect(told).toEqual(['pod-1 ejected errors'])
  })
})

describe('an ejection', () => {
  it('takes 10, 20, 30 seconds for the first three in a row', () => {
    const { fail, clock, isOut, told } = passive()
    fail(1, 3)
    for (const seconds of [10, 20, 30]) {
      clock.advance(seconds * 1_000 - 1)
      expect(isOut(1)).toBe(true)
      clock.advance(1)
      expect(isOut(1)).toBe(false)
      // On probation: one failure is enough.
      fail(1)
      expect(isOut(1)).toBe(true)
    }
    expect(told.filter((each) => each === 'pod-1 healthy ejection-over')).toHaveLength(3)
  })

  it('takes no longer than its cap', () => {
    const { fail, clock, isOut } = passive({ ejectionMs: 1_000, maxEjectionMs: 2_500 })
    fail(1, 3)
    for (const ms of [1_000, 2_000, 2_500, 2_500]) {
      clock.advance(ms - 1)
      expect(isOut(1)).toBe(true)
      clock.advance(1)
      expect(isOut(1)).toBe(false)
      fail(1)
    }
  })

  it('ends in probation, which one good answer ends', () => {
    const { fail, answer, clock, isOut } = passive()
    fail(1, 3)
    clock.advance(10_000)
    answer(1)
    fail(1, 2)
    expect(isOut(1)).toBe(false)
    fail(1)
    expect(isOut(1)).toBe(true)
  })

  it('ends in probation for errors too', () => {
    const { answer, clock, isOut } = passive({ errors: 5 })
    answer(1, true, 5)
    clock.advance(10_000)
    expect(isOut(1)).toBe(false)
    answer(1, true)
    expect(isOut(1)).toBe(true)
  })

  it('is forgiven by an answer after as long a time as the endpoint was out', () => {
    const { fail, answer, clock, isOut, state } = passive()
    fail(1, 3)
    clock.advance(10_000)
    fail(1)
    clock.advance(20_000)
    clock.advance(19_999)
    answer(1)
    expect(state(1).health.ejections).toBe(2)
    clock.advance(1)
    answer(1)
    expect(state(1).health.ejections).toBe(0)
    fail(1, 3)
    clock.advance(10_000)
    expect(isOut(1)).toBe(false)
  })

  it('is not forgiven by time alone: nobody has seen the endpoint do well', () => {
    const { fail, clock, state } = passive()
    fail(1, 3)
    clock.advance(1_000_000)
    expect(state(1).health.ejections).toBe(1)
  })

  it('is not ended, and no suspicion dropped, by a late answer of before', () => {
    const { fail, answer, clock, isOut, state } = passive()
    fail(1, 3)
    const since = clock.now()
    clock.advance(5_000)
    answer(1)
    expect(isOut(1)).toBe(true)
    expect(state(1).health).toMatchObject({ suspectSince: since, ejections: 1 })
    clock.advance(4_999)
    expect(isOut(1)).toBe(true)
  })

  it('ends early when the checks pass that found it unreachable, not one for errors', () => {
    const { health, fail, answer, state, isOut, told } = passive({ errors: 3 })
    fail(1, 3)
    answer(2, true, 3)
    health.checkPassed(state(1))
    health.checkPassed(state(2))
    health.checkPassed(state(3))
    expect([isOut(1), isOut(2)]).toEqual([false, true])
    expect(told.at(-1)).toBe('pod-1 healthy checks')
  })

  it('ends at its own time, whichever others there are', () => {
    const { fail, clock, isOut } = passive({}, 10)
    fail(1, 3)
    clock.advance(4_000)
    fail(2, 3)
    clock.advance(4_000)
    fail(3, 3)
    expect(clock.pending).toBe(1)
    clock.advance(2_000)
    expect([1, 2, 3].map(isOut)).toEqual([false, true, true])
    clock.advance(4_000)
    expect([1, 2, 3].map(isOut)).toEqual([false, false, true])
    clock.advance(4_000)
    expect([1, 2, 3].map(isOut)).toEqual([false, false, false])
    expect(clock.pending).toBe(0)
  })
})

describe('the share of the pool that may be out', () => {
  it.each([
    [1, 0.5, 0],
    [2, 0.5, 1],
    [3, 0.5, 1],
    [4, 0.5, 2],
    [10, 0.1, 1],
    [10, 0.3, 3],
    [100, 0.29, 29],
    [5, 0, 0],
    [5, 1, 5],
  ])('of %i at %d is %i', (size, maxEjectedShare, most) => {
    const { fail, isOut } = passive({ maxEjectedShare }, size)
    const numbers = Array.from({ length: size }, (_, index) => index + 1)
    for (const number of numbers) fail(number, 3)
    expect(numbers.filter(isOut)).toHaveLength(most)
  })

  it('has room again when one is let in, or is gone', () => {
    const { health, fail, clock, isOut, state } = passive({}, 2)
    fail(1, 3)
    fail(2, 5)
    expect(isOut(2)).toBe(false)
    clock.advance(10_000)
    fail(2)
    expect([isOut(1), isOut(2)]).toEqual([false, true])
    health.forget(state(2))
    fail(1)
    expect(isOut(1)).toBe(true)
  })
})

describe('suspicion', () => {
  it('starts with the first failure and ends when the endpoint does well', () => {
    const { health, fail, answer, clock, state } = passive()
    const since = clock.now()
    fail(1)
    clock.advance(1_000)
    fail(1)
    expect(state(1).health.suspectSince).toBe(since)
    expect(health.suspects).toBe(1)
    answer(1)
    expect(state(1).health.suspectSince).toBeUndefined()
    expect(health.suspects).toBe(0)
  })

  it('outlives an ejection until the endpoint has answered', () => {
    const { fail, answer, clock, state } = passive()
    const since = clock.now()
    fail(1, 3)
    clock.advance(10_000)
    expect(state(1).health.suspectSince).toBe(since)
    answer(1)
    expect(state(1).health.suspectSince).toBeUndefined()
  })

  it('leaves with an endpoint that is gone', () => {
    const { health, fail, state, clock, told } = passive()
    fail(1, 3)
    health.forget(state(1))
    expect(health.suspects).toBe(0)
    clock.advance(10_000)
    expect(told).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})

describe('close', () => {
  it('leaves no timer, and takes nobody out any more', () => {
    const { health, fail, clock, told } = passive()
    fail(1, 3)
    expect(clock.pending).toBe(1)
    health.close()
    health.close()
    expect(clock.pending).toBe(0)
    fail(2, 10)
    expect(told).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})

describe('latency', () => {
  it('is not measured unless asked for', () => {
    expect(passive().health.measuresLatency).toBe(false)
    expect(passive({ latency: {} }).health.measuresLatency).toBe(true)
  })

  it('far above the others takes an endpoint out when its interval ends', () => {
    const { health, clock, told, state } = passive({ latency: { leastRequests: 5 } })
    const round = () => {
      for (const [index, ms] of [50, 60, 70, 500].entries()) health.answered(state(index + 1), false, ms)
    }
    for (let times = 0; times < 5; times++) round()
    expect(told).toEqual([])
    clock.advance(10_000)
    round()
    expect(told).toEqual(['pod-4 ejected latency'])
    expect(state(4).health.suspectSince).toBeDefined()
  })

  it('of an endpoint that is gone is judged no more', () => {
    const { health, clock, told, state } = passive({ latency: { leastRequests: 1 } })
    for (const [index, ms] of [50, 60, 70, 500].entries()) health.answered(state(index + 1), false, ms)
    health.forget(state(4))
    clock.advance(10_000)
    health.answered(state(1), false, 50)
    expect(told).toEqual([])
  })
})
