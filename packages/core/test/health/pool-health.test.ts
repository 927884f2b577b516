import { describe, expect, it } from 'vitest'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import type { HealthCheck } from '../../src/health/health-check.ts'
import { checkPassiveHealth, type PassiveHealthOptions } from '../../src/health/passive-health-options.ts'
import { PoolHealth } from '../../src/health/pool-health.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { snapshotOf, statesOf } from '../support/endpoints.ts'
import { pods } from '../support/pool.ts'
import { settled } from '../support/settled.ts'

const SCHEDULE = { intervalMs: 1_000, jitter: 0, timeoutMs: 500, rise: 2, fall: 2, maxConcurrent: 10 }

function poolHealth(
  given: {
    list?: EndpointInit[]
    passive?: PassiveHealthOptions | false
    confirmation?: { afterMs: number; failures: number }
    checked?: boolean
  } = {},
) {
  const { list = pods(4), passive = {}, confirmation = { afterMs: 5_000, failures: 10 }, checked } = given
  const clock = fakeClock()
  const states = statesOf(list)
  const failing = new Set<string>()
  const check: HealthCheck = {
    name: 'fake',
    schedule: SCHEDULE,
    probe: ({ identity }) =>
      failing.has(identity) ? Promise.reject(new Error(`${identity} is ill`)) : Promise.resolve(),
  }
  const told: unknown[] = []
  const health = new PoolHealth({
    clock,
    random: () => 0,
    check: checked ? check : undefined,
    passive: checkPassiveHealth('passiveHealth', passive),
    confirmation,
    snapshot: () => snapshotOf(list, states),
    state: (identity) => states.get(identity),
    changed: ({ identity }, reason, error) => void told.push([identity, reason, (error as Error)?.message]),
  })
  const state = (number: number) => states.get(`pod-${number}`) as EndpointState
  const fail = (number: number, times = 1) => {
    for (let time = 0; time < times; time++) health.connectFailed(state(number))
  }
  /** Lets seconds pass, a quarter at a time, so that probes can answer in between. */
  const pass = async (seconds: number) => {
    for (let quarter = 0; quarter < 4 * seconds; quarter++) {
      clock.advance(250)
      await settled()
    }
  }
  return { health, clock, failing, told, state, fail, pass, set: endpointSet(list) }
}

describe('what counts as an error of an endpoint', () => {
  it.each<[object, number]>([
    [{ status: 500 }, 1],
    [{ status: 503 }, 1],
    [{ error: new Error('reset') }, 1],
    [{ status: 200, error: new Error('cut short') }, 1],
    [{ status: 499 }, 0],
    [{ status: 200 }, 0],
    [{}, 0],
  ])('%o: %i', (outcome, errors) => {
    const { health, state } = poolHealth({ passive: { errors: 2 } })
    health.answered(state(1), outcome, undefined)
    expect(state(1).health.errors).toBe(errors)
  })
})

describe('a loss that only this replica sees', () => {
  it('is confirmed when it has lasted as long as asked, and not a millisecond sooner', () => {
    const { health, clock, fail, state } = poolHealth({ passive: false })
    fail(1)
    clock.advance(4_999)
    expect(health.isConfirmed(state(1))).toBe(false)
    clock.advance(1)
    expect(health.isConfirmed(state(1))).toBe(true)
  })

  it('is confirmed by as many failures in a row as asked, and not by one fewer', () => {
    const { health, fail, state } = poolHealth()
    fail(1, 9)
    expect(health.isConfirmed(state(1))).toBe(false)
    fail(1)
    expect(health.isConfirmed(state(1))).toBe(true)
  })

  it('is not confirmed while the endpoint does well', () => {
    const { health, clock, fail, state } = poolHealth()
    clock.advance(60_000)
    expect(health.isConfirmed(state(1))).toBe(false)
    fail(1, 2)
    health.answered(state(1), { status: 200 }, undefined)
    clock.advance(60_000)
    expect(health.isConfirmed(state(1))).toBe(false)
  })

  it('is never confirmed while more than half the pool looks lost: just half is not more', () => {
    const { health, clock, fail, state } = poolHealth()
    fail(1)
    fail(2)
    clock.advance(60_000)
    expect(health.isConfirmed(state(1))).toBe(true)
    fail(3)
    expect(health.isConfirmed(state(1))).toBe(false)
    health.answered(state(3), { status: 200 }, undefined)
    expect(health.isConfirmed(state(1))).toBe(true)
  })

  it('is never confirmed where there is one endpoint alone', () => {
    const { health, clock, fail, state } = poolHealth({ list: pods(1) })
    fail(1, 100)
    clock.advance(60_000)
    expect(health.isConfirmed(state(1))).toBe(false)
  })

  it('is confirmed for failing checks as for failed connections: after the same time', async () => {
    const { health, failing, pass, state, set } = poolHealth({ checked: true })
    health.follow(set)
    await pass(3)
    failing.add('pod-1')
    while (state(1).health.checks !== 'failing') await pass(0.25)
    await pass(2)
    // A late answer of a request of before proves nothing.
    health.answered(state(1), { status: 200 }, undefined)
    await pass(2.75)
    expect(health.isConfirmed(state(1))).toBe(false)
    await pass(0.25)
    expect(health.isConfirmed(state(1))).toBe(true)
    failing.delete('pod-1')
    while (state(1).health.checks !== 'passing') await pass(0.25)
    expect(health.isConfirmed(state(1))).toBe(false)
    expect(state(1).health.suspectSince).toBeUndefined()
    health.close()
  })
})

describe('checks', () => {
  it('take an endpoint out and let it in again, told with the failure of the last', async () => {
    const { health, failing, pass, told, state, set } = poolHealth({ checked: true })
    health.follow(set)
    await pass(2)
    expect(told).toEqual([])
    failing.add('pod-2')
    await pass(2)
    expect(told).toEqual([['pod-2', 'checks', 'pod-2 is ill']])
    expect(state(2).health.checks).toBe('failing')
    failing.delete('pod-2')
    await pass(2)
    expect(told).toEqual([
      ['pod-2', 'checks', 'pod-2 is ill'],
      ['pod-2', 'checks', undefined],
    ])
    health.close()
  })

  it('say nothing new of an endpoint that traffic has found unreachable, until they pass', async () => {
    const { health, failing, pass, fail, told, set } = poolHealth({
      checked: true,
      passive: { ejectionMs: 600_000, maxEjectionMs: 600_000 },
    })
    health.follow(set)
    await pass(2)
    fail(1, 3)
    failing.add('pod-1')
    await pass(3)
    expect(told).toEqual([['pod-1', 'connect-failures', undefined]])
    failing.delete('pod-1')
    await pass(3)
    health.close()
  })

  it('and ejections leave no timer after close', async () => {
    const { health, clock, fail, set } = poolHealth({ checked: true })
    health.follow(set)
    fail(1, 3)
    await settled()
    expect(clock.pending).toBeGreaterThan(0)
    health.close()
    await settled()
    expect(clock.pending).toBe(0)
  })
})
