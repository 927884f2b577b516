import { describe, expect, it } from 'vitest'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PoolSnapshot } from '../../src/endpoint/pool-snapshot.ts'
import { snapshotOf, statesOf } from '../support/endpoints.ts'
import { DRAINING, NOT_READY, pod, pods, TERMINATED } from '../support/pool.ts'

function given(endpoints: EndpointInit[], change: { [identity: string]: (state: EndpointState) => unknown }) {
  const states = statesOf(endpoints)
  for (const [identity, apply] of Object.entries(change)) apply(states.get(identity) as EndpointState)
  return snapshotOf(endpoints, states)
}

const names = (set: PoolSnapshot) => set.placeable.map(({ identity }) => identity)
const eject = (state: EndpointState) => Object.assign(state.health, { traffic: 'ejected' })
const cutOff = (state: EndpointState) => Object.assign(state.health, { traffic: 'unreachable' })
const failChecks = (state: EndpointState) => Object.assign(state.health, { checks: 'failing' })

describe('a snapshot of a pool', () => {
  it('holds every endpoint in order, with its availability', () => {
    const set = given(
      [pod(1), pod(2, DRAINING), pod(3, NOT_READY), pod(4, TERMINATED), pod(5), pod(6), pod(7)],
      {
        'pod-5': eject,
        'pod-6': (state) => Object.assign(state, { drain: 'over' }),
      },
    )
    expect(
      [...set.members()].map(({ endpoint }) => [endpoint.identity, set.availability(endpoint.identity)]),
    ).toEqual([
      ['pod-1', { state: 'ready' }],
      ['pod-2', { state: 'draining' }],
      ['pod-3', { state: 'down', cause: 'not-ready' }],
      ['pod-4', { state: 'down', cause: 'terminated' }],
      ['pod-5', { state: 'down', cause: 'ejected' }],
      ['pod-6', { state: 'down', cause: 'drained' }],
      ['pod-7', { state: 'ready' }],
    ])
    expect(set.endpoints.map(({ identity }) => identity)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((number) => `pod-${number}`),
    )
    expect(names(set)).toEqual(['pod-1', 'pod-7'])
    expect(set.get('pod-3')).toBe(set.endpoints[2])
    expect(set.find('pod-3')).toMatchObject({ isUsable: false, isPlaceable: false })
    expect(set.find('pod-2')).toMatchObject({ isUsable: true, isPlaceable: false })
    expect(set.find('pod-1')).toMatchObject({ isUsable: true, isPlaceable: true })
  })

  it('knows nothing of an endpoint that is not in it', () => {
    const set = snapshotOf(pods(1))
    expect([set.get('pod-2'), set.availability('pod-2'), set.find('pod-2')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('cannot be changed', () => {
    const set = snapshotOf(pods(2))
    for (const list of [set.endpoints, set.placeable, set.weights]) expect(Object.isFrozen(list)).toBe(true)
  })

  it('has checks that fail outrank traffic that does well, and the other way round', () => {
    const set = given(pods(3), { 'pod-1': failChecks, 'pod-2': eject })
    expect(set.availability('pod-1')).toEqual({ state: 'down', cause: 'unreachable' })
    expect(set.availability('pod-2')).toEqual({ state: 'down', cause: 'ejected' })
    expect(names(set)).toEqual(['pod-3'])
  })
})

describe('the weights of a snapshot', () => {
  it('are those of discovery, or the operator’s where there is one, lowered by the share of a slow start', () => {
    const endpoints = [
      pod(1, { weight: 4 }),
      pod(2, { weight: 4 }),
      pod(3, { weight: 4 }),
      pod(4, { weight: 0 }),
    ]
    const states = statesOf(endpoints)
    ;(states.get('pod-2') as EndpointState).weight = 10
    ;(states.get('pod-4') as EndpointState).weight = 2
    const set = new PoolSnapshot(endpointSet(endpoints), states, ({ identity }) =>
      identity === 'pod-1' ? 1 : 0.5,
    )
    expect(names(set)).toEqual(['pod-1', 'pod-2', 'pod-3', 'pod-4'])
    expect(set.weights).toEqual([4, 5, 2, 1])
  })

  it('leave out an endpoint whose weight is 0 by either, which stays usable', () => {
    const set = given([pod(1, { weight: 0 }), pod(2), pod(3)], {
      'pod-2': (state) => Object.assign(state, { weight: 0 }),
    })
    expect(names(set)).toEqual(['pod-3'])
    for (const identity of ['pod-1', 'pod-2']) {
      expect(set.find(identity)).toMatchObject({ isUsable: true, isPlaceable: false })
    }
    expect(set.isPanic).toBe(false)
  })
})

describe('panic', () => {
  it('comes when health would leave nobody to take a new key: health is disregarded', () => {
    const set = given(pods(3), { 'pod-1': eject, 'pod-2': cutOff, 'pod-3': failChecks })
    expect(set.isPanic).toBe(true)
    expect(names(set)).toEqual(['pod-1', 'pod-2', 'pod-3'])
    expect(set.availability('pod-1')).toEqual({ state: 'ready' })
  })

  it('does not come while one endpoint is healthy', () => {
    const set = given(pods(3), { 'pod-1': eject, 'pod-2': cutOff })
    expect(set.isPanic).toBe(false)
    expect(names(set)).toEqual(['pod-3'])
  })

  it('comes if the only healthy ones take no new keys', () => {
    const set = given([pod(1), pod(2, DRAINING), pod(3, { weight: 0 })], { 'pod-1': eject })
    expect(set.isPanic).toBe(true)
    expect(names(set)).toEqual(['pod-1'])
  })

  it('overrules health alone: what discovery and the operator say stands', () => {
    const set = given([pod(1), pod(2, NOT_READY), pod(3), pod(4, TERMINATED)], {
      'pod-1': eject,
      'pod-2': eject,
      'pod-3': (state) =>
        Object.assign(state, { drain: 'over', health: { ...state.health, traffic: 'ejected' } }),
    })
    expect(set.isPanic).toBe(true)
    expect(names(set)).toEqual(['pod-1'])
    expect(set.availability('pod-2')).toEqual({ state: 'down', cause: 'not-ready' })
    expect(set.availability('pod-3')).toEqual({ state: 'down', cause: 'drained' })
  })

  it.each<[string, EndpointInit[]]>([
    ['nobody is listed', []],
    ['nobody is ready', [pod(1, NOT_READY), pod(2, DRAINING)]],
    ['all have the weight 0', [pod(1, { weight: 0 })]],
  ])('does not come when %s: that is no matter of health', (_what, endpoints) => {
    expect(snapshotOf(endpoints).isPanic).toBe(false)
  })
})
