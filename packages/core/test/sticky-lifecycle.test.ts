import { describe, expect, it } from 'vitest'
import type { EndpointSet } from '../src/endpoint/endpoint-set.ts'
import { header } from '../src/key/header.ts'
import { isPromise } from '../src/maybe-promise.ts'
import type { Route } from '../src/route/route.ts'
import { createSticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeDiscovery } from '../src/testing/fake-discovery.ts'
import { bulkTable } from './support/bulk-table.ts'
import { brief, pod, pods, pool, REFUSED, refused, served, testKey } from './support/pool.ts'
import { settled } from './support/settled.ts'

describe('a pool that waits for its first endpoints', () => {
  it('lets requests wait, with and without a key, and routes them when the endpoints are here', async () => {
    const { route, discovery, sticky, clock } = pool()
    const asked = [route('a'), route(), route('a')]
    expect(asked.every(isPromise)).toBe(true)
    expect(sticky.endpoints).toBeUndefined()
    discovery.emit([pod(1)])
    expect((await Promise.all(asked)).map(brief)).toEqual(['bound pod-1', 'keyless pod-1', 'stuck pod-1'])
    expect(sticky.inFlight).toBe(3)
    expect(sticky.endpoints?.endpoints).toHaveLength(1)
    for (const given of await Promise.all(asked)) given.done()
    clock.advance(10_000)
    expect(clock.pending).toBe(0)
  })

  it('answers at once from then on', () => {
    const { route, discovery } = pool()
    discovery.emit([pod(1)])
    expect(brief(served(route('a')))).toBe('bound pod-1')
  })

  it('refuses a bad key at once: no endpoint would make it better', () => {
    const problem = { reason: 'ambiguous-key', message: 'test key: expected one value' } as const
    const { route } = pool({ key: { name: 'test key', read: () => problem } })
    expect(refused(route('a'))).toMatchObject(problem)
  })

  it('refuses after startTimeoutMs, and names the option', async () => {
    const { route, clock } = pool({ startTimeoutMs: 300 })
    let given: Route | undefined
    const asked = Promise.resolve(route('a')).then((answer) => {
      given = answer
    })
    clock.advance(299)
    await settled()
    expect(given).toBeUndefined()
    clock.advance(1)
    await asked
    expect(given).toMatchObject({
      reason: 'hold-timeout',
      message: 'discovery has no endpoints yet (option "createSticky.startTimeoutMs")',
    })
    expect(clock.pending).toBe(0)
  })

  it('waits five seconds unless told otherwise', async () => {
    const { route, clock } = pool()
    const asked = route('a')
    clock.advance(4_999)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    expect(brief(await asked)).toBe('refused hold-timeout')
  })

  it('refuses those that come when maxWaiting wait already, and names the option', async () => {
    const { route, discovery } = pool({ maxWaiting: 2 })
    const asked = [route('a'), route('b')]
    expect(await route('c')).toMatchObject({
      reason: 'queue-full',
      message: 'too many requests wait for discovery (option "createSticky.maxWaiting")',
    })
    discovery.emit([pod(1)])
    expect((await Promise.all(asked)).map(brief)).toEqual(['bound pod-1', 'bound pod-1'])
  })

  it('refuses a request whose client goes away, or has gone', async () => {
    const { route, clock } = pool()
    const client = new AbortController()
    const asked = route('a', { signal: client.signal })
    client.abort()
    const aborted = {
      reason: 'hold-timeout',
      message: 'the request was aborted while it waited for discovery',
    }
    expect(await asked).toMatchObject(aborted)
    expect(await route('a', { signal: AbortSignal.abort() })).toMatchObject(aborted)
    expect(clock.pending).toBe(0)
  })

  it('refuses those that wait when it is closed', async () => {
    const { route, sticky, clock } = pool()
    const asked = [route('a'), route()]
    await sticky.close()
    for (const given of await Promise.all(asked)) expect(given).toMatchObject({ reason: 'closed' })
    expect(clock.pending).toBe(0)
  })

  it('goes on with the endpoints it has when discovery gives up', async () => {
    const { route, discovery } = pool({ endpoints: [pod(1)] })
    discovery.fail(new Error('forbidden'))
    await settled()
    expect(brief(served(route('a')))).toBe('bound pod-1')
  })

  it('routes a request at once whose client has gone: it waits for nothing', () => {
    const { route } = pool({ endpoints: [pod(1)] })
    expect(brief(served(route('a', { signal: AbortSignal.abort() })))).toBe('bound pod-1')
  })
})

describe('close()', () => {
  it('refuses requests from then on', async () => {
    const { route, sticky } = pool({ endpoints: pods(2) })
    await sticky.close()
    for (const key of ['a', undefined]) {
      expect(refused(route(key))).toMatchObject({ reason: 'closed', message: 'the pool was closed' })
    }
  })

  it('refuses requests at once, before all has been let go', () => {
    const { route, sticky } = pool({ endpoints: pods(2) })
    const closing = sticky.close()
    expect(brief(refused(route('a')))).toBe('refused closed')
    return closing
  })

  it('ends the watch and every timer, and can be called again', async () => {
    const { route, sticky, discovery, clock } = pool({ endpoints: pods(2) })
    served(route('a'))
    expect(discovery.watches).toBe(1)
    expect(clock.pending).toBe(1)
    await Promise.all([sticky.close(), sticky.close()])
    expect(discovery.watches).toBe(0)
    expect(clock.pending).toBe(0)
    await sticky.close()
  })

  it('leaves routes valid that were given before, their fail-over included', async () => {
    const { route, sticky, table, clock } = pool({ endpoints: pods(2) })
    const given = served(route('a'))
    await sticky.close()
    const next = served(given.next(REFUSED))
    expect(next.kind).toBe('moved')
    expect((await table.lookup('a'))?.identity).toBe(next.endpoint.identity)
    void next.settle({ status: 200 })
    expect(sticky.inFlight).toBe(1)
    next.done()
    expect(sticky.inFlight).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('keeps the last endpoints: nothing that comes later is taken', async () => {
    const { sticky, discovery } = pool({ endpoints: pods(2) })
    await sticky.close()
    discovery.emit(pods(5))
    expect(sticky.endpoints?.endpoints).toHaveLength(2)
  })

  it('ends drains and a rebalance under way, and leaves no timer of theirs', async () => {
    const clock = fakeClock()
    const table = bulkTable(clock)
    table.fill('pod-1', 100)
    const { sticky } = pool({ endpoints: pods(3), table, clock })
    const rebalance = sticky.rebalance({ share: 1, idleForMs: 0, perSecond: 10 })
    const drain = sticky.drain('pod-1', { deadlineMs: 60_000 })
    await settled()
    await sticky.close()
    expect(clock.pending).toBe(0)
    expect(await rebalance).toEqual({ moved: 1, planned: 66, ended: 'aborted' })
    expect(await drain).toEqual({ kind: 'undrained', waitedMs: 0 })
  })

  it('refuses what operators ask for from then on: nothing of it would ever end', async () => {
    const clock = fakeClock()
    const { sticky } = pool({ endpoints: pods(2), table: bulkTable(clock), clock })
    await sticky.close()
    const closed = { code: 'closed' }
    await expect(sticky.drain('pod-1')).rejects.toMatchObject(closed)
    await expect(sticky.rebalance({ share: 1 })).rejects.toMatchObject(closed)
    expect(() => sticky.undrain('pod-1')).toThrow('the pool was closed')
    expect(() => sticky.setWeight('pod-1', 3)).toThrow('the pool was closed')
    expect(sticky.stats().endpoints).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('is what `await using` calls', async () => {
    const { sticky, discovery, route } = pool({ endpoints: pods(2) })
    {
      await using scoped = sticky
      expect(scoped.inFlight).toBe(0)
    }
    expect(discovery.watches).toBe(0)
    expect(brief(refused(route('a')))).toBe('refused closed')
  })

  it('leaves the table to whoever made it: another pool goes on with its bindings', async () => {
    const table = memoryTable()
    const [first, second] = [pool({ endpoints: pods(5), table }), pool({ endpoints: pods(5), table })]
    const home = served(first.route('a')).endpoint.identity
    await first.sticky.close()
    expect(brief(served(second.route('a')))).toBe(`stuck ${home}`)
  })

  it('leaves nothing that keeps a process alive or a pool waiting', async () => {
    const sticky = createSticky({ key: testKey, endpoints: ['http://10.0.0.1:80'] })
    served(sticky.route({ headers: { k: 'a' } }))
    await sticky[Symbol.asyncDispose]()
    await sticky[Symbol.asyncDispose]()
  })
})

describe('the signal of a route', () => {
  it('is not even read when nothing has to wait', () => {
    const sticky = createSticky({ key: header('x'), endpoints: ['http://10.0.0.1:80'] })
    const options = {
      get signal(): AbortSignal {
        return expect.unreachable('read')
      },
    }
    const route = sticky.route({ headers: { x: 'a' } }, options)
    expect(route).toMatchObject({ kind: 'bound' })
  })
})

describe('a discovery that gives up before its first snapshot', () => {
  it('refuses those that wait at once, and those that come later', async () => {
    const discovery = fakeDiscovery()
    const clock = fakeClock()
    const sticky = createSticky({ key: header('x'), endpoints: discovery, clock })
    const waiting = sticky.route({ headers: { x: 'a' } })
    discovery.fail(new Error('forbidden'))
    expect(await waiting).toMatchObject({ kind: 'refused', reason: 'no-endpoints' })
    expect(await sticky.route({ headers: { x: 'b' } })).toMatchObject({
      kind: 'refused',
      reason: 'no-endpoints',
    })
    expect(clock.pending).toBe(0)
    await sticky.close()
  })
})

describe('a balancer that disregards what it must skip', () => {
  it('cannot keep a request at an endpoint that failed', () => {
    const stubborn = { name: 'stubborn', pick: (set: EndpointSet) => set.endpoints[0] }
    const endpoints = ['http://10.0.0.1:80', 'http://10.0.0.2:80']
    const sticky = createSticky({ key: header('x'), endpoints, placement: stubborn })
    const route = sticky.route({ headers: { x: 'a' } }) as Route
    expect(route.next(new Error('refused'))).toMatchObject({ kind: 'refused', reason: 'no-endpoints' })
  })
})
