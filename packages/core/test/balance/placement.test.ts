import { describe, expect, it } from 'vitest'
import type { Balancer } from '../../src/balance/balancer.ts'
import { first } from '../../src/balance/first.ts'
import { maglev } from '../../src/balance/maglev.ts'
import { type PlacedRequest, Placement } from '../../src/balance/placement.ts'
import { preferZone } from '../../src/balance/prefer-zone.ts'
import { rendezvous } from '../../src/balance/rendezvous.ts'
import { ring } from '../../src/balance/ring.ts'
import { roundRobin } from '../../src/balance/round-robin.ts'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PoolEndpoints } from '../../src/endpoint/pool-endpoints.ts'
import { InFlight } from '../../src/route/in-flight.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { pickContext } from '../support/pick-context.ts'
import { DRAINING, pod, pods } from '../support/pool.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `key-${index}`)

function endpointsOf(list?: readonly EndpointInit[]): PoolEndpoints {
  const ignored = () => undefined
  const host = {
    clock: fakeClock(),
    inFlight: new InFlight(),
    slowStart: undefined,
    changed: ignored,
    gone: ignored,
  }
  const endpoints = new PoolEndpoints(host)
  if (list) endpoints.update(endpointSet(list))
  return endpoints
}

function request(given: Parameters<typeof pickContext>[0] = {}): PlacedRequest {
  const context = pickContext(given)
  const placed: PlacedRequest = {
    ...context,
    skipsAlso: undefined,
    skips: (endpoint) => context.skips(endpoint) || placed.skipsAlso?.(endpoint) === true,
  }
  return placed
}

function change(endpoints: PoolEndpoints, identity: string, apply: (state: EndpointState) => void): void {
  apply(endpoints.state(identity) as EndpointState)
  endpoints.refresh()
}

describe('placement', () => {
  it('is the balancer’s choice among those that take new keys', () => {
    const placement = new Placement(
      endpointsOf([pod(1, DRAINING), pod(2), pod(3)]),
      first(),
      Number.POSITIVE_INFINITY,
    )
    expect(placement.pick(request())).toMatchObject({ endpoint: { identity: 'pod-2' }, isPlaceable: true })
    expect(placement.pick(request({ skip: ['pod-2'] }))?.endpoint.identity).toBe('pod-3')
    expect(placement.pick(request({ skip: ['pod-2', 'pod-3'] }))).toBeUndefined()
  })

  it('is nowhere before discovery has its first snapshot', () => {
    const placement = new Placement(endpointsOf(), first(), 1)
    expect([
      placement.pick(request()),
      placement.pickBelowCap(request()),
      placement.pickByHash(request()),
    ]).toEqual([undefined, undefined, undefined])
  })

  it('is nowhere where the balancer chooses what the request must skip', () => {
    const stubborn: Balancer = { name: 'stubborn', pick: (set) => set.endpoints[0] }
    const placement = new Placement(endpointsOf(pods(2)), stubborn, Number.POSITIVE_INFINITY)
    expect(placement.pick(request({ skip: ['pod-1'] }))).toBeUndefined()
  })
})

describe('the cap of bound keys', () => {
  it('is met by as many keys as it says, and not by one fewer', () => {
    const endpoints = endpointsOf(pods(1))
    const placement = new Placement(endpoints, first(), 10)
    const endpoint = endpoints.current?.endpoints[0] as never
    expect(
      [9, 10, 11].map((bound) => placement.isFull(endpoint, request({ keys: { 'pod-1': bound } }))),
    ).toEqual([false, true, true])
    const unlimited = new Placement(endpoints, first(), Number.POSITIVE_INFINITY)
    expect(unlimited.isFull(endpoint, request({ keys: { 'pod-1': 1e9 } }))).toBe(false)
  })

  it('sends the request on to one below it, besides those it skips itself', () => {
    const placement = new Placement(endpointsOf(pods(4)), first(), 10)
    const placed = request({ keys: { 'pod-1': 10, 'pod-3': 10 }, skip: ['pod-2'] })
    expect(placement.pickBelowCap(placed)?.endpoint.identity).toBe('pod-4')
    expect(placed.skipsAlso).toBeUndefined()
    const full = request({ keys: { 'pod-1': 10, 'pod-2': 10, 'pod-3': 10, 'pod-4': 10 } })
    expect(placement.pickBelowCap(full)).toBeUndefined()
  })
})

describe('placement by hash', () => {
  const homes = (placement: Placement, skip: readonly string[] = []) =>
    KEYS.map((key) => placement.pickByHash(request({ key, skip }))?.endpoint.identity)

  it('is the same whatever balancer without a hash, the order of discovery, and what is seen from here of others', () => {
    const here = endpointsOf(pods(5))
    const there = endpointsOf(pods(5).reverse())
    const before = homes(new Placement(here, first(), 1))
    expect(homes(new Placement(there, roundRobin(), Number.POSITIVE_INFINITY))).toEqual(before)
    expect(homes(new Placement(there, ring(), Number.POSITIVE_INFINITY))).toEqual(before)
    change(there, 'pod-2', (state) => {
      state.health.traffic = 'ejected'
    })
    change(there, 'pod-3', (state) => {
      state.weight = 7
    })
    const seenThere = homes(new Placement(there, first(), 1))
    for (const [index, home] of before.entries()) {
      if (home === 'pod-2') expect(seenThere[index]).not.toBe('pod-2')
      else expect(seenThere[index]).toBe(home)
    }
  })

  it('is that of the balancer if it places by one, its seed included, so that a lost table finds the same endpoints', () => {
    const endpoints = endpointsOf(pods(5))
    const byRing = homes(new Placement(endpoints, ring(), Number.POSITIVE_INFINITY))
    for (const make of [() => ring({ seed: 7 }), () => rendezvous(), () => preferZone('a', () => maglev())]) {
      const placement = new Placement(endpoints, make(), Number.POSITIVE_INFINITY)
      const placed = KEYS.map((key) => placement.pick(request({ key }))?.endpoint.identity)
      expect(homes(placement)).toEqual(placed)
      expect(placed).not.toEqual(byRing)
    }
  })

  it('leaves out those that take no new keys from here, and those the request skips', () => {
    const endpoints = endpointsOf([pod(1), pod(2, DRAINING), pod(3), pod(4, { weight: 0 }), pod(5), pod(6)])
    change(endpoints, 'pod-5', (state) => {
      state.drain = 'draining'
    })
    change(endpoints, 'pod-6', (state) => {
      state.weight = 0
    })
    const placement = new Placement(endpoints, first(), 1)
    expect(new Set(homes(placement))).toEqual(new Set(['pod-1', 'pod-3']))
    expect(new Set(homes(placement, ['pod-1']))).toEqual(new Set(['pod-3']))
    expect(new Set(homes(placement, ['pod-1', 'pod-3']))).toEqual(new Set([undefined]))
  })

  it('goes to one that only the operator has given a weight, where there is no other', () => {
    const endpoints = endpointsOf([pod(1, { weight: 0 }), pod(2, { weight: 0 })])
    const placement = new Placement(endpoints, first(), 1)
    expect(placement.pickByHash(request({ key: 'a' }))).toBeUndefined()
    change(endpoints, 'pod-2', (state) => {
      state.weight = 1
    })
    expect(placement.pickByHash(request({ key: 'a' }))?.endpoint.identity).toBe('pod-2')
  })
})
