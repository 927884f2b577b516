import { beforeEach, describe, expect, it } from 'vitest'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { newEndpointState } from '../../src/endpoint/endpoint-state.ts'
import { type Member, PoolSnapshot } from '../../src/endpoint/pool-snapshot.ts'
import { InFlight } from '../../src/route/in-flight.ts'
import { LeasedRoute, Refusal } from '../../src/route/leased-route.ts'
import { OpenLeases } from '../../src/route/open-leases.ts'
import { type LeaseHost, RequestLease } from '../../src/route/request-lease.ts'
import type { Route, ServedRoute } from '../../src/route/route.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeRequest } from '../../src/testing/fake-request.ts'

const ENDPOINTS = endpointSet([
  { name: 'pod-1', host: '10.0.0.1', port: 80 },
  { name: 'pod-2', host: '10.0.0.2', port: 80 },
])
const IN_FLIGHT = new InFlight()
const STATES = new Map(
  ENDPOINTS.endpoints.map(({ identity }) => [identity, newEndpointState(identity, IN_FLIGHT.of(identity))]),
)
const SNAPSHOT = new PoolSnapshot(ENDPOINTS, STATES, () => 1)
const [POD_1, POD_2] = ['pod-1', 'pod-2'].map((name) => SNAPSHOT.find(name)) as [Member, Member]

const BINDING = { identity: 'pod-1', version: 1, createdAt: 0, expiresAt: 4_000 }

beforeEach(() => {
  for (const { count } of STATES.values()) while (count.requests > 0) IN_FLIGHT.leave(count)
})

/** A lease whose pool does as told and writes down what it was asked. */
function lease(given: { next?: LeaseHost['next']; isCounted?: boolean; key?: string } = {}) {
  const clock = fakeClock(0)
  const touched: string[] = []
  const asked: string[] = []
  const observed: Route[] = []
  const failed: string[] = []
  const answered: string[] = []
  const openLeases = new OpenLeases(clock, (key) => touched.push(key))
  const inFlight = IN_FLIGHT
  const request = new RequestLease(
    {
      keyName: 'test key',
      inFlight,
      openLeases,
      random: () => 0.25,
      bound: () => 7,
      now: undefined,
      connectFailed: ({ identity }) => failed.push(identity),
      answered: ({ identity }) => answered.push(identity),
      next: (caller) => {
        asked.push('next')
        return given.next?.(caller) ?? caller.serve('moved', POD_2, 'pod-1')
      },
      servedWithoutTable: () => undefined,
      correct: (_lease, servedBy) => {
        asked.push(`correct ${servedBy}`)
      },
      served: () => undefined,
      observe: (route) => observed.push(route),
    },
    fakeRequest(),
    given.key,
    { lease: given.isCounted ?? true },
  )
  return { clock, request, inFlight, openLeases, asked, observed, touched, failed, answered }
}

describe('LeasedRoute', () => {
  it.each<[ServedRoute['kind'], string]>([
    ['stuck', 'test key: hit, stuck to pod-2'],
    ['bound', 'test key: miss, bound to pod-2'],
    ['moved', 'test key: hit, pod-1 is lost (gone), moved to pod-2'],
    ['detour', 'test key: hit, pod-1 is lost (gone), detour to pod-2'],
    ['keyless', 'test key: no key, balanced to pod-2'],
    ['overflow', 'test key: miss, overflow, bound to pod-2'],
    ['fallback', 'test key: table unavailable, fallback to pod-2'],
  ])('explains itself as %s in one line', (kind, line) => {
    const { request } = lease()
    const error = new Error('timeout')
    const route = new LeasedRoute(request, kind, POD_2.endpoint, 'pod-1', 'gone', error, true)
    expect(route.explain()).toBe(line)
  })

  it('asks for its successor once, and gives the very same answer again, a promise too', async () => {
    for (const isLater of [false, true]) {
      const { request, asked } = lease({
        next: (failed) => {
          const route = failed.serve('moved', POD_2, 'pod-1')
          return isLater ? Promise.resolve(route) : route
        },
      })
      const route = request.serve('stuck', POD_1)
      const next = route.next(new Error('ECONNREFUSED'))
      expect(route.next()).toBe(next)
      expect(route.next(new Error('again'))).toBe(next)
      expect(await next).toMatchObject({ kind: 'moved', endpoint: POD_2.endpoint, from: 'pod-1' })
      expect(asked).toEqual(['next'])
    }
  })

  it('lets a balancer see what the request has tried, what is under way, and chance', async () => {
    const { request } = lease({ key: 'a' })
    const route = request.serve('stuck', POD_1)
    expect([request.skips(POD_1.endpoint), request.skips(POD_2.endpoint)]).toEqual([false, false])
    expect([request.inFlight(POD_1.endpoint), request.inFlight(POD_2.endpoint)]).toEqual([1, 0])
    await route.next(new Error('ECONNREFUSED'))
    expect([request.skips(POD_1.endpoint), request.skips(POD_2.endpoint)]).toEqual([true, false])
    expect([request.inFlight(POD_1.endpoint), request.inFlight(POD_2.endpoint)]).toEqual([0, 1])
    expect(request.random()).toBe(0.25)
  })

  it('corrects the binding only where another endpoint served than the one it stands on', () => {
    const { request, asked } = lease({ key: 'a' })
    request.binding = BINDING
    void request.serve('stuck', POD_1).settle({ servedBy: 'pod-1' })
    expect(asked).toEqual([])
    const other = lease({ key: 'a' })
    other.request.binding = BINDING
    void other.request.serve('detour', POD_2, 'pod-1').settle({ servedBy: 'pod-3' })
    expect(other.asked).toEqual([])
    const third = lease({ key: 'a' })
    third.request.binding = BINDING
    const route = third.request.serve('stuck', POD_1)
    void route.settle({ servedBy: 'pod-2' })
    void route.settle({ servedBy: 'pod-3' })
    expect(third.asked).toEqual(['correct pod-2'])
  })

  it('is told to whoever observes, and so is a refusal', () => {
    const { request, observed } = lease()
    const route = request.serve('keyless', POD_1)
    const refusal = request.refuse('no-endpoints', 'none')
    expect(observed).toEqual([route, refusal])
  })

  it('stands among the open leases once, if its key is bound, until done()', async () => {
    const { request, openLeases } = lease({ key: 'a' })
    request.binding = BINDING
    const route = request.serve('stuck', POD_1)
    expect(openLeases.size).toBe(1)
    const next = await route.next()
    expect(openLeases.size).toBe(1)
    next.done()
    route.done()
    expect(openLeases.size).toBe(0)
  })

  it.each([
    ['without a binding', {}],
    ['that only asks', { key: 'a', isCounted: false }],
  ])('does not stand among the open leases %s', (what, given) => {
    const { request, openLeases, inFlight } = lease(given)
    if (what === 'that only asks') request.binding = BINDING
    const route = request.serve('keyless', POD_1)
    expect(openLeases.size).toBe(0)
    expect(inFlight.total()).toBe(what === 'that only asks' ? 0 : 1)
    route.done()
    expect(inFlight.total()).toBe(0)
  })
})

describe('Refusal', () => {
  it('says why, and what to answer', () => {
    const cause = new Error('ECONNREFUSED')
    const { request } = lease()
    const refusal = new Refusal(request, 'lost', 'the endpoint of this key, pod-1, is lost', 409, cause)
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'lost', status: 409, cause })
    expect(refusal.explain()).toBe('test key: refused, lost: the endpoint of this key, pod-1, is lost')
  })

  it('has no successor but itself, and ends the request like any route', () => {
    const { request, inFlight, asked } = lease({ key: 'a' })
    request.serve('stuck', POD_1)
    const refusal = request.refuse('no-endpoints', 'none')
    expect(refusal.next()).toBe(refusal)
    expect(refusal.settle({ servedBy: 'pod-2' })).toBeUndefined()
    refusal.done()
    expect(inFlight.total()).toBe(0)
    expect(asked).toEqual([])
  })

  it('carries what the table failed with, else what the last endpoint failed with', async () => {
    const { request } = lease()
    await request.serve('stuck', POD_1).next('refused')
    expect(request.refuse('no-endpoints', 'none')).toMatchObject({ cause: 'refused' })
    request.tableError = 'table lost'
    expect(request.refuse('table-unavailable', 'none')).toMatchObject({ cause: 'table lost' })
  })
})
