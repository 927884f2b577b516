import { describe, expect, it } from 'vitest'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PoolEndpoints } from '../../src/endpoint/pool-endpoints.ts'
import type { PoolSnapshot } from '../../src/endpoint/pool-snapshot.ts'
import { SlowStart, type SlowStartOptions } from '../../src/endpoint/slow-start.ts'
import { InFlight } from '../../src/route/in-flight.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { DRAINING, NOT_READY, pod, pods } from '../support/pool.ts'
import { settled } from '../support/settled.ts'

function poolEndpoints(slowStart?: SlowStartOptions) {
  const [clock, inFlight] = [fakeClock(), new InFlight()]
  const snapshots: PoolSnapshot[] = []
  const gone: EndpointState[] = []
  const endpoints = new PoolEndpoints({
    clock,
    inFlight,
    slowStart: slowStart && new SlowStart(slowStart),
    changed: (snapshot) => void snapshots.push(snapshot),
    gone: (state) => void gone.push(state),
  })
  const update = (list: readonly EndpointInit[]) => endpoints.update(endpointSet(list, endpoints.discovered))
  const state = (identity: string) => endpoints.state(identity) as EndpointState
  return { endpoints, update, state, snapshots, gone, clock, inFlight }
}

describe('the endpoints of a pool', () => {
  it('are unknown until discovery has its first snapshot', () => {
    const { endpoints, snapshots } = poolEndpoints()
    endpoints.refresh()
    expect([endpoints.current, endpoints.discovered, endpoints.state('pod-1'), snapshots]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ])
  })

  it('give each update as one snapshot, within the call', () => {
    const { endpoints, update, snapshots } = poolEndpoints()
    update(pods(2))
    update(pods(3))
    expect(snapshots.map((snapshot) => snapshot.endpoints.length)).toEqual([2, 3])
    expect(endpoints.current).toBe(snapshots[1])
  })

  it('keep their state over updates: conditions, weight and zone are discovery’s to change', () => {
    const { update, state, gone } = poolEndpoints()
    update(pods(3))
    const [one, two] = [state('pod-1'), state('pod-2')]
    two.weight = 7
    two.drain = 'draining'
    two.health.connectFailures = 2
    update([pod(2, { weight: 3, zone: 'b', ...NOT_READY }), pod(1), pod(4)])
    expect(state('pod-1')).toBe(one)
    expect(state('pod-2')).toBe(two)
    expect(gone.map(({ identity }) => identity)).toEqual(['pod-3'])
  })

  it('lose their state when they are gone', () => {
    const { update, state, endpoints, gone } = poolEndpoints()
    update(pods(2))
    const before = state('pod-2')
    before.drain = 'over'
    before.health.traffic = 'ejected'
    update(pods(1))
    expect(endpoints.state('pod-2')).toBeUndefined()
    expect(gone).toEqual([before])
    update(pods(2))
    expect(state('pod-2')).not.toBe(before)
    expect(state('pod-2')).toMatchObject({ drain: 'none', health: { traffic: 'healthy' } })
  })

  it.each<[string, Partial<EndpointInit>]>([
    ['host', { host: '10.9.9.9' }],
    ['port', { port: 81 }],
    ['protocol', { protocol: 'https:' }],
  ])('start anew at another %s, whether their absence was seen or not', (_what, more) => {
    const { update, state, gone, endpoints } = poolEndpoints()
    update(pods(2))
    const before = state('pod-2')
    before.health.traffic = 'unreachable'
    before.weight = 0
    update([pod(1), pod(2, more)])
    expect(gone).toEqual([before])
    expect(state('pod-2')).not.toBe(before)
    expect(endpoints.current?.find('pod-2')).toMatchObject({ isPlaceable: true })
  })

  it('keep counting the requests that an endpoint has under way, also at its new address', () => {
    const { update, state, inFlight } = poolEndpoints()
    update(pods(2))
    const { count } = state('pod-2')
    for (let i = 0; i < 3; i++) inFlight.enter(count)
    update([pod(1), pod(2, { host: '10.9.9.9' })])
    expect(state('pod-2').count).toBe(count)
    update(pods(1))
    expect(inFlight.total()).toBe(3)
    update(pods(2))
    expect(state('pod-2').count).toBe(count)
  })

  it('forget the count of an idle endpoint that is gone', () => {
    const { update, state } = poolEndpoints()
    update(pods(2))
    const { count } = state('pod-2')
    update(pods(1))
    update(pods(2))
    expect(state('pod-2').count).not.toBe(count)
  })
})

describe('a change of state', () => {
  it('a hundred times in a turn makes one snapshot, at the end of the turn', async () => {
    const { endpoints, update, state, snapshots } = poolEndpoints()
    update(pods(100))
    for (let number = 1; number <= 100; number++) {
      state(`pod-${number}`).drain = 'draining'
      endpoints.refresh()
    }
    expect(snapshots).toHaveLength(1)
    await settled()
    expect(snapshots).toHaveLength(2)
    expect(snapshots[1]?.placeable).toEqual([])
    await settled()
    expect(snapshots).toHaveLength(2)
  })

  it('is seen at once by whoever reads the snapshot', async () => {
    const { endpoints, update, state, snapshots } = poolEndpoints()
    update(pods(2))
    state('pod-1').drain = 'draining'
    endpoints.refresh()
    expect(endpoints.current?.availability('pod-1')).toEqual({ state: 'draining' })
    expect(endpoints.current).toBe(snapshots[1])
    await settled()
    expect(snapshots).toHaveLength(2)
  })

  it('is taken in by an update of discovery: no snapshot is made for it alone', async () => {
    const { endpoints, update, state, snapshots } = poolEndpoints()
    update(pods(2))
    state('pod-1').drain = 'draining'
    endpoints.refresh()
    update(pods(3))
    await settled()
    expect(snapshots).toHaveLength(2)
    expect(snapshots[1]?.availability('pod-1')).toEqual({ state: 'draining' })
  })

  it('after close makes no snapshot, nor does one that was due', async () => {
    const { endpoints, update, snapshots } = poolEndpoints()
    update(pods(2))
    endpoints.refresh()
    endpoints.close()
    endpoints.refresh()
    await settled()
    expect(snapshots).toHaveLength(1)
    expect(endpoints.current).toBe(snapshots[0])
  })
})

describe('slow start in a pool', () => {
  const weights = ({ endpoints }: ReturnType<typeof poolEndpoints>) =>
    Object.fromEntries(
      (endpoints.current?.placeable ?? []).map(({ identity }, index) => [
        identity,
        endpoints.current?.weights[index],
      ]),
    )

  it('is not for the first endpoints: a gateway that restarts must not starve all alike', () => {
    const test = poolEndpoints({ windowMs: 20_000 })
    test.update(pods(2))
    expect(weights(test)).toEqual({ 'pod-1': 1, 'pod-2': 1 })
    expect(test.clock.pending).toBe(0)
  })

  it('raises the weight of one that is new step by step, then has no timer left', () => {
    const test = poolEndpoints({ windowMs: 4_000, from: 0.2 })
    test.update(pods(1))
    test.update([pod(1), pod(2, { weight: 10 })])
    const seen = [weights(test)['pod-2']]
    for (let second = 1; second <= 5; second++) {
      test.clock.advance(1_000)
      seen.push(weights(test)['pod-2'])
      expect(weights(test)['pod-1']).toBe(1)
    }
    expect(seen).toEqual([2, 2.5, 5, 7.5, 10, 10])
    expect(test.clock.pending).toBe(0)
    // One for each update, one for each step, and no more.
    expect(test.snapshots).toHaveLength(6)
  })

  it('is for those that are back after they were down, not for one that drained or had no weight', async () => {
    const test = poolEndpoints({ windowMs: 4_000 })
    test.update([pod(1, NOT_READY), pod(2, DRAINING), pod(3), pod(4), pod(5), pod(6)])
    test.state('pod-3').health.traffic = 'ejected'
    test.state('pod-4').drain = 'draining'
    test.state('pod-5').weight = 0
    test.endpoints.refresh()
    await settled()
    test.state('pod-3').health.traffic = 'healthy'
    test.state('pod-4').drain = 'none'
    test.state('pod-5').weight = undefined
    test.update(pods(6))
    const whole = { 'pod-2': 1, 'pod-4': 1, 'pod-5': 1, 'pod-6': 1 }
    expect(weights(test)).toEqual({ 'pod-1': 0.1, 'pod-3': 0.1, ...whole })
  })

  it('starts again for one at another address', () => {
    const test = poolEndpoints({ windowMs: 4_000 })
    test.update(pods(2))
    test.update([pod(1), pod(2, { host: '10.9.9.9' })])
    expect(weights(test)).toEqual({ 'pod-1': 1, 'pod-2': 0.1 })
  })

  it('leaves no timer after close', () => {
    const test = poolEndpoints({ windowMs: 4_000 })
    test.update(pods(1))
    test.update(pods(2))
    expect(test.clock.pending).toBe(1)
    test.endpoints.close()
    expect(test.clock.pending).toBe(0)
    test.update(pods(3))
    expect(test.clock.pending).toBe(0)
  })
})
