import { describe, expect, it } from 'vitest'
import type { Route } from '../src/route/route.ts'
import { boundTo, brief, NOT_READY, pod, pods, pool, REFUSED, refused, served } from './support/pool.ts'

/** Every route of one request while nobody can be connected, the refusal included. */
function tryAll(first: Route): Route[] {
  const routes = [first]
  for (let route = first; route.kind !== 'refused'; route = routes.at(-1) as Route) {
    routes.push(route.next(REFUSED) as Route)
  }
  return routes
}

describe('next() after a connection failed', () => {
  it('moves the key to another endpoint, where its later requests go', () => {
    const { route } = pool({ endpoints: pods(3) })
    served(route('a')).done()
    const stuck = served(route('a'))
    const next = served(stuck.next(REFUSED))
    expect(next).toMatchObject({ kind: 'moved', from: stuck.endpoint.identity })
    expect(next.endpoint).not.toBe(stuck.endpoint)
    expect(served(route('a'))).toMatchObject({ kind: 'stuck', endpoint: next.endpoint })
  })

  it('moves a key that the same request has just bound, too', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    const bound = served(route('a'))
    const next = served(bound.next(REFUSED))
    expect(next).toMatchObject({ kind: 'moved', from: bound.endpoint.identity })
    expect(await boundTo(table, 'a')).toBe(next.endpoint.identity)
  })

  it('answers the same when it is called again, and moves nothing twice', async () => {
    const { route, table, sticky } = pool({ endpoints: pods(4) })
    const first = served(route('a'))
    const next = first.next(REFUSED)
    const version = (await table.lookup('a'))?.version
    expect(first.next(new Error('again'))).toBe(next)
    expect(first.next()).toBe(next)
    expect((await table.lookup('a'))?.version).toBe(version)
    expect(sticky.inFlight).toBe(1)
  })

  it.each([2, 5, 20])('tries each of %d endpoints once, never one again, and refuses then', (count) => {
    for (const key of ['a', undefined]) {
      const { route } = pool({ endpoints: pods(count), maxTries: 100 })
      const routes = tryAll(route(key) as Route)
      const tried = routes.slice(0, -1).map((given) => served(given).endpoint.identity)
      expect(tried).toHaveLength(count)
      expect(new Set(tried).size).toBe(count)
      expect(refused(routes.at(-1) as Route)).toMatchObject({
        reason: 'no-endpoints',
        message: 'no endpoint could be connected',
        cause: REFUSED,
      })
    }
  })

  it('leaves the key as it is after eight moves, and goes on to try the rest', async () => {
    const { route, table } = pool({ endpoints: pods(20), maxTries: 100 })
    const kinds = tryAll(route('a') as Route).map(({ kind }) => kind)
    const moved = Array.from({ length: 8 }, () => 'moved')
    const detour = Array.from({ length: 11 }, () => 'detour')
    expect(kinds).toEqual(['bound', ...moved, ...detour, 'refused'])
    expect(await boundTo(table, 'a')).toBeUndefined()
  })

  it('serves by a detour, and the key stays where its last move put it', async () => {
    const { route, table } = pool({ endpoints: pods(20) })
    let given = served(route('a'))
    while (given.kind !== 'detour') given = served(given.next(REFUSED))
    const bound = await boundTo(table, 'a')
    expect(given.from).toBe(bound)
    expect(given.endpoint.identity).not.toBe(bound)
    expect(given.explain()).toBe(
      `test key: hit, ${bound} is lost (unreachable), detour to ${given.endpoint.identity}`,
    )
    void given.settle({ status: 200 })
    given.done()
    expect(await boundTo(table, 'a')).toBe(bound)
  })

  it('follows what discovery has said meanwhile', () => {
    const { route, discovery } = pool({ endpoints: pods(2) })
    const first = served(route('a'))
    discovery.emit([pod(7)])
    expect(served(first.next(REFUSED)).endpoint.identity).toBe('pod-7')
  })

  it('moves requests of one key that fail one after the other to one endpoint', () => {
    const { route } = pool({ endpoints: pods(5) })
    const routes = Array.from({ length: 10 }, () => served(route('a')))
    const next = routes.map((given) => served(given.next(REFUSED)))
    expect(next.map(brief)).toEqual([
      `moved ${next[0]?.endpoint.identity}`,
      ...Array.from({ length: 9 }, () => `stuck ${next[0]?.endpoint.identity}`),
    ])
  })

  it('leaves every other key of the endpoint alone', async () => {
    const { route, table } = pool({ endpoints: pods(2) })
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`)
    const homes = keys.map((key) => served(route(key)).endpoint.identity)
    served(served(route('key-0')).next(REFUSED))
    for (const [index, key] of keys.entries()) {
      if (index > 0) expect(await boundTo(table, key)).toBe(homes[index])
    }
  })
})

describe('a request that nobody answers', () => {
  it('takes back the binding that it made', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    tryAll(route('a') as Route)
    expect(await boundTo(table, 'a')).toBeUndefined()
  })

  it('takes back the binding of an only endpoint', async () => {
    const { route, table } = pool({ endpoints: pods(1) })
    expect(tryAll(route('a') as Route).map(brief)).toEqual(['bound pod-1', 'refused no-endpoints'])
    expect(await boundTo(table, 'a')).toBeUndefined()
  })

  it('puts a binding that it moved back to where it was', async () => {
    const { route, table } = pool({ endpoints: pods(3) })
    const home = served(route('a')).endpoint.identity
    expect(tryAll(route('a') as Route)).toHaveLength(4)
    expect(await boundTo(table, 'a')).toBe(home)
  })

  it('leaves a binding that it never moved where it was', async () => {
    const { route, table } = pool({ endpoints: [pod(1)] })
    served(route('a'))
    const before = await table.lookup('a')
    expect(tryAll(route('a') as Route).map(brief)).toEqual(['stuck pod-1', 'refused no-endpoints'])
    expect(await table.lookup('a')).toEqual(before)
  })

  it('does not put a binding back to an endpoint that is gone: the key is free', async () => {
    const { route, table, discovery } = pool({ endpoints: pods(1) })
    served(route('a'))
    discovery.emit([pod(2)])
    expect(tryAll(route('a') as Route).map(brief)).toEqual(['moved pod-2', 'refused no-endpoints'])
    expect(await boundTo(table, 'a')).toBeUndefined()
  })

  it('takes nothing back that another request has bound since', async () => {
    const { route, table } = pool({ endpoints: pods(2) })
    const first = served(route('a'))
    const second = served(first.next(REFUSED))
    await table.release('a')
    const other = served(route('a', { lease: false }))
    expect(other.kind).toBe('bound')
    refused(second.next(REFUSED))
    expect(await boundTo(table, 'a')).toBe(other.endpoint.identity)
  })

  it('takes nothing back that it did not make: it followed another', async () => {
    const { route, table } = pool({ endpoints: pods(2) })
    const [leader, follower] = [served(route('a')), served(route('a'))]
    const home = served(leader.next(REFUSED)).endpoint.identity
    expect(tryAll(follower as Route).map(brief)).toEqual([
      `stuck ${follower.endpoint.identity}`,
      `stuck ${home}`,
      'refused no-endpoints',
    ])
    expect(await boundTo(table, 'a')).toBe(home)
  })
})

describe("onLost: 'fail'", () => {
  const FAIL_409 = { action: 'fail', status: 409 } as const

  it.each([
    ['fail', undefined],
    [FAIL_409, 409],
  ] as const)('refuses a key whose endpoint is gone (%o), and the binding stays', async (onLost, status) => {
    const { route, discovery, table } = pool({ endpoints: pods(2), onLost })
    const home = served(route('a')).endpoint
    discovery.emit(pods(2).filter(({ name }) => name !== home.identity))
    const refusal = refused(route('a'))
    expect(refusal).toMatchObject({ reason: 'lost', status, cause: undefined })
    expect(refusal.message).toBe(`the endpoint of this key, ${home.identity}, is lost (gone)`)
    expect(await boundTo(table, 'a')).toBe(home.identity)
    discovery.emit(pods(2))
    expect(served(route('a'))).toMatchObject({ kind: 'stuck', endpoint: { identity: home.identity } })
  })

  it('refuses a key whose endpoint is down', () => {
    const { route, discovery } = pool({ endpoints: [pod(1)], onLost: 'fail' })
    served(route('a'))
    discovery.emit([pod(1, NOT_READY), pod(2)])
    expect(refused(route('a')).reason).toBe('lost')
  })

  it('refuses a key whose endpoint cannot be connected, with the cause, and the binding stays', async () => {
    const { route, table, sticky } = pool({ endpoints: pods(2), onLost: FAIL_409 })
    served(route('a')).done()
    const stuck = served(route('a'))
    expect(refused(stuck.next(REFUSED))).toMatchObject({ reason: 'lost', status: 409, cause: REFUSED })
    expect(await boundTo(table, 'a')).toBe(stuck.endpoint.identity)
    expect(sticky.inFlight).toBe(0)
  })

  it('does not hold for a key that the same request has just bound: nothing is lost yet', () => {
    const { route } = pool({ endpoints: pods(2), onLost: 'fail' })
    expect(tryAll(route('a') as Route).map(({ kind }) => kind)).toEqual(['bound', 'moved', 'refused'])
  })

  it('does not hold for a request without a key', () => {
    const { route } = pool({ endpoints: pods(2), onLost: 'fail' })
    expect(tryAll(route() as Route).map(({ kind }) => kind)).toEqual(['keyless', 'keyless', 'refused'])
  })

  it('holds for a binding of another request that took the place of the one just made', async () => {
    const { route, table, discovery } = pool({ endpoints: pods(2), onLost: 'fail' })
    const bound = served(route('a'))
    await table.release('a')
    await table.claim('a', 'pod-3')
    discovery.emit(pods(2))
    expect(refused(bound.next(REFUSED)).reason).toBe('lost')
    expect(await boundTo(table, 'a')).toBe('pod-3')
  })
})
