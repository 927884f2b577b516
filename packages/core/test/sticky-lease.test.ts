import { describe, expect, it, vi } from 'vitest'
import { leastRequests } from '../src/balance/least-requests.ts'
import { InFlight } from '../src/route/in-flight.ts'
import type { Route } from '../src/route/route.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeRandom } from '../src/testing/fake-random.ts'
import { boundTo, pod, pods, pool, REFUSED, refused, served } from './support/pool.ts'
import { countedTable, faultyTable, remoteTable } from './support/tables.ts'

const IDLE = 4_000

describe('settle()', () => {
  it('leaves the binding alone when the endpoint of the route answered', () => {
    const table = countedTable(memoryTable())
    const { route } = pool({ endpoints: pods(3), table })
    for (const outcome of [undefined, {}, { status: 200, headers: {} }]) {
      const given = served(route('a'))
      void given.settle(outcome)
      void given.settle({ servedBy: given.endpoint.identity })
    }
    expect(table.calls.move).toBe(0)
  })

  it('corrects the binding when another endpoint answered', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    const given = served(route('a'))
    const other = given.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1'
    void given.settle({ servedBy: other })
    expect(await boundTo(table, 'a')).toBe(other)
  })

  it('is done once: what is told later changes nothing', async () => {
    const { route, table } = pool({ endpoints: [pod(1)] })
    const given = served(route('a'))
    void given.settle()
    void given.settle({ servedBy: 'pod-2' })
    expect(await boundTo(table, 'a')).toBe('pod-1')
  })

  it('changes nothing after done()', async () => {
    const { route, table, discovery } = pool({ endpoints: [pod(1)] })
    const given = served(route('a'))
    discovery.emit(pods(2))
    given.done()
    void given.settle({ servedBy: 'pod-2' })
    expect(await boundTo(table, 'a')).toBe('pod-1')
  })

  it('changes nothing when the key was moved meanwhile: the answer comes too late', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    const [late, failing] = [served(route('a')), served(route('a'))]
    const home = served(failing.next(REFUSED)).endpoint.identity
    const third = pods(3).find(({ name }) => name !== home && name !== late.endpoint.identity)?.name as string
    void late.settle({ servedBy: third })
    expect(await boundTo(table, 'a')).toBe(home)
  })

  it('changes nothing when the endpoint was given up by its own request', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    const givenUp = served(route('a'))
    const next = served(givenUp.next(REFUSED))
    const home = next.endpoint.identity
    const third = pods(3).find(({ name }) => name !== home && name !== givenUp.endpoint.identity)
      ?.name as string
    void givenUp.settle({ servedBy: third })
    expect(await boundTo(table, 'a')).toBe(home)
    void next.settle({ servedBy: third })
    expect(await boundTo(table, 'a')).toBe(third)
  })

  it('changes nothing for an endpoint that nobody knows, or a request without a key', async () => {
    const table = countedTable(memoryTable())
    const { route } = pool({ endpoints: pods(2), table })
    void served(route('a')).settle({ servedBy: 'pod-9' })
    void served(route()).settle({ servedBy: 'pod-1' })
    expect(table.calls.move).toBe(0)
  })

  it('changes nothing for a route that does not stand on the binding: a detour', async () => {
    const { route, table } = pool({ endpoints: pods(20) })
    let given = served(route('a'))
    while (given.kind !== 'detour') given = served(given.next(REFUSED))
    const home = await boundTo(table, 'a')
    void given.settle({ servedBy: 'pod-1' })
    void given.settle({ servedBy: 'pod-2' })
    expect(await boundTo(table, 'a')).toBe(home)
  })

  it('resolves when a remote table has followed, and never rejects', async () => {
    const local = memoryTable()
    const table = remoteTable(local, fakeRandom(3))
    const { route } = pool({ endpoints: pods(2), table })
    const asked = route('a')
    await table.run()
    const given = (await asked) as Exclude<Route, { kind: 'refused' }>
    const other = given.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1'
    const settling = given.settle({ servedBy: other })
    await table.run()
    expect(await settling).toBeUndefined()
    expect(local.lookup('a')?.identity).toBe(other)

    for (const fault of ['throws', 'rejects'] as const) {
      const failing = pool({
        endpoints: [pod(1), pod(2)],
        table: faultyTable(memoryTable(), { move: fault }),
      })
      const route = served(failing.route('a'))
      await route.settle({ servedBy: route.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1' })
    }
  })
})

describe('requests in flight', () => {
  it('are counted from the route to done(), once however often it is called', () => {
    const { route, sticky } = pool({ endpoints: pods(3) })
    const routes = ['a', 'a', 'b', undefined].map((key) => served(route(key)))
    expect(sticky.inFlight).toBe(4)
    for (const given of routes) {
      given.done()
      given.done()
    }
    expect(sticky.inFlight).toBe(0)
  })

  it('are counted at one endpoint at a time while a request tries several', () => {
    const { route, sticky } = pool({ endpoints: pods(3) })
    const routes: Route[] = [served(route('a'))]
    for (let tried = 0; tried < 2; tried++) {
      routes.push(served((routes.at(-1) as Route).next(REFUSED)))
      expect(sticky.inFlight).toBe(1)
    }
    const refusal = refused((routes.at(-1) as Route).next(REFUSED))
    expect(sticky.inFlight).toBe(0)
    for (const given of [...routes, refusal]) given.done()
    expect(sticky.inFlight).toBe(0)
  })

  it.each(['first', 'last'])('are over when done() is called on the %s route of a request', (which) => {
    const { route, sticky, clock } = pool({ endpoints: pods(3) })
    const first = served(route('a'))
    const last = served(first.next(REFUSED))
    const given = which === 'first' ? first : last
    given.done()
    expect(sticky.inFlight).toBe(0)
    clock.advance(10_000)
    expect(clock.pending).toBe(0)
  })

  it('are not counted for ever when done() comes while next() still waits for the table', async () => {
    const table = remoteTable(memoryTable(), fakeRandom(5))
    const { route, sticky, clock } = pool({ endpoints: pods(3), table })
    const asked = route('a')
    await table.run()
    const given = await asked
    const next = given.next(REFUSED)
    expect(sticky.inFlight).toBe(0)
    given.done()
    await table.run()
    expect((await next).kind).toBe('moved')
    expect(sticky.inFlight).toBe(0)
    clock.advance(10_000)
    expect(clock.pending).toBe(0)
  })

  it('are not counted while the route itself still waits, nor for a request that gave up', async () => {
    const table = remoteTable(memoryTable(), fakeRandom(5))
    const { route, sticky } = pool({ endpoints: pods(3), table })
    const gone = new AbortController()
    const asked = route('a', { signal: gone.signal })
    await table.step()
    gone.abort()
    expect((await asked).kind).toBe('refused')
    await table.run()
    expect(sticky.inFlight).toBe(0)
  })

  it('outlive the endpoint they are at', () => {
    const { route, sticky, discovery } = pool({ endpoints: [pod(1)] })
    const given = served(route('a'))
    discovery.emit([pod(2)])
    expect(sticky.inFlight).toBe(1)
    given.done()
    expect(sticky.inFlight).toBe(0)
  })

  it('are forgotten with their endpoint, so that the names of past roll-outs do not pile up', () => {
    const keepOnly = vi.spyOn(InFlight.prototype, 'keepOnly')
    const { sticky, discovery } = pool({ endpoints: [pod(1)] })
    discovery.emit([pod(2)])
    const kept = keepOnly.mock.lastCall?.[0]
    expect([kept?.get('pod-1'), kept?.get('pod-2')]).toEqual([undefined, sticky.endpoints?.get('pod-2')])
    keepOnly.mockRestore()
  })

  it('are what a balancer sees', () => {
    const { route } = pool({ endpoints: pods(2), placement: leastRequests() })
    const homes = Array.from({ length: 40 }, (_, index) => served(route(`key-${index}`)).endpoint.identity)
    expect(homes.filter((home) => home === 'pod-1')).toHaveLength(20)
  })
})

describe('an open stream', () => {
  const timedPool = (endpoints = pods(3)) => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: IDLE, clock })
    return pool({ endpoints, table, clock })
  }

  it('keeps its binding over many idle timeouts, and that ends one after the stream has', () => {
    const { route, clock, sticky } = timedPool()
    const given = served(route('a'))
    clock.advance(25 * IDLE)
    given.done()
    clock.advance(IDLE - 1)
    expect(served(route('a', { lease: false }))).toMatchObject({ kind: 'stuck', endpoint: given.endpoint })
    clock.advance(IDLE)
    expect(served(route('a')).kind).toBe('bound')
    expect(sticky.inFlight).toBe(1)
  })

  it('keeps the binding that its request moved, and the one that settle() corrected', async () => {
    for (const how of ['moved', 'corrected']) {
      const { route, clock, table } = timedPool()
      let given = served(route('a'))
      if (how === 'moved') given = served(given.next(REFUSED))
      else void given.settle({ servedBy: given.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1' })
      const binding = await table.lookup('a')
      clock.advance(25 * IDLE)
      expect(await table.lookup('a')).toMatchObject({
        identity: binding?.identity,
        version: binding?.version,
      })
      given.done()
    }
  })

  it('does not keep a binding to which another request has moved the key', () => {
    const { route, clock } = timedPool()
    served(route('a'))
    const failing = served(route('a'))
    served(failing.next(REFUSED)).done()
    clock.advance(2 * IDLE)
    expect(served(route('a')).kind).toBe('bound')
  })

  it('does not keep a binding beyond its absolute timeout', () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: IDLE, absoluteTimeoutMs: 10 * IDLE, clock })
    const { route } = pool({ endpoints: pods(3), table, clock })
    const given = served(route('a'))
    clock.advance(10 * IDLE - 1)
    expect(served(route('a', { lease: false })).kind).toBe('stuck')
    clock.advance(1)
    expect(served(route('a', { lease: false })).kind).toBe('bound')
    given.done()
  })

  it('leaves no timer when the last one has ended', () => {
    const { route, clock } = timedPool()
    const routes = ['a', 'b', undefined].map((key) => served(route(key)))
    clock.advance(3 * IDLE)
    for (const given of routes) given.done()
    clock.advance(IDLE)
    expect(clock.pending).toBe(0)
  })
})
