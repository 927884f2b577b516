import { describe, expect, it } from 'vitest'
import { random } from '../src/balance/random.ts'
import { isPromise } from '../src/maybe-promise.ts'
import type { Route } from '../src/route/route.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeRandom } from '../src/testing/fake-random.ts'
import { pods, pool, REFUSED } from './support/pool.ts'
import { countedTable, type RemoteTable, remoteTable } from './support/tables.ts'

/** A pool whose table is reached over a network that delivers in random order. */
function remotePool(seed: number, endpoints = 5) {
  const counted = countedTable(memoryTable({ clock: fakeClock() }))
  const table = remoteTable(counted, fakeRandom(seed))
  // Each request would place the key elsewhere, so that only the table can make them agree.
  const replica = (name: number, onLost: 'rebind' | 'fail' = 'rebind') => {
    const placement = { placement: random(), random: fakeRandom(1_000 * seed + name) }
    return pool({ endpoints: pods(endpoints), table, onLost, confirmLoss: { failures: 1 }, ...placement })
  }
  return { table, counted, replica }
}

/** Lets the table answer, in random order, until these promises are kept. */
async function all<T>(table: RemoteTable, promises: Iterable<T | Promise<T>>): Promise<T[]> {
  const kept = Promise.all(promises)
  await table.run()
  return kept
}

const identity = (route: Route) => (route.kind === 'refused' ? expect.unreachable() : route.endpoint.identity)
const kinds = (routes: Route[]) => {
  const counts: Record<string, number> = {}
  for (const { kind } of routes) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

describe('a key that many requests bring at once', () => {
  it.each([1, 2, 3])('is bound once, and all 500 go to one endpoint (order %d)', async (seed) => {
    const { table, counted, replica } = remotePool(seed)
    const replicas = [replica(1), replica(2), replica(3)]
    const asked = Array.from({ length: 500 }, (_, index) => replicas[index % 3]?.route('a') as Promise<Route>)
    expect(asked.every(isPromise)).toBe(true)
    const routes = await all(table, asked)
    expect(new Set(routes.map(identity)).size).toBe(1)
    expect(kinds(routes)).toEqual({ bound: 1, stuck: 499 })
    expect(counted.calls.move).toBe(0)
    expect(replicas.reduce((sum, { sticky }) => sum + sticky.inFlight, 0)).toBe(500)
    for (const route of routes) route.done()
    expect(replicas.map(({ sticky }) => sticky.inFlight)).toEqual([0, 0, 0])
  })

  it('is bound before a connection is opened: the claim is answered when the route is', async () => {
    const { table, counted, replica } = remotePool(4)
    await all(table, [replica(1).route('a')])
    expect(counted.calls).toMatchObject({ lookup: 1, claim: 1, move: 0 })
    expect(await counted.lookup('a')).toBeDefined()
  })

  it.each([1, 2, 3])(
    'is moved once when all 100 find its endpoint dead, and all follow (order %d)',
    async (seed) => {
      const { table, counted, replica } = remotePool(seed)
      const replicas = [replica(1), replica(2)]
      const routes = await all(
        table,
        Array.from({ length: 100 }, (_, index) => replicas[index % 2]?.route('a') as Promise<Route>),
      )
      const dead = identity(routes[0] as Route)
      const before = await counted.lookup('a')
      const next = await all(
        table,
        routes.map((route) => route.next(REFUSED)),
      )
      expect(new Set(next.map(identity)).size).toBe(1)
      expect(identity(next[0] as Route)).not.toBe(dead)
      expect(kinds(next)).toEqual({ moved: 1, stuck: 99 })
      const after = await counted.lookup('a')
      expect(after?.identity).toBe(identity(next[0] as Route))
      // One version further in the memory table: exactly one move took place.
      expect(after?.version).toBe((before?.version as number) + 1)
    },
  )

  it.each([1, 2, 3])('is moved once when its endpoint is gone, and all follow (order %d)', async (seed) => {
    const { table, counted, replica } = remotePool(seed)
    const replicas = [replica(1), replica(2)]
    const [first] = await all(table, [replicas[0]?.route('a') as Promise<Route>])
    const gone = identity(first as Route)
    const before = await counted.lookup('a')
    for (const { discovery } of replicas) discovery.emit(pods(5).filter(({ name }) => name !== gone))
    const routes = await all(
      table,
      Array.from({ length: 100 }, (_, index) => replicas[index % 2]?.route('a') as Promise<Route>),
    )
    expect(new Set(routes.map(identity)).size).toBe(1)
    expect(routes.filter(({ kind }) => kind === 'moved')).toHaveLength(1)
    for (const route of routes) if (route.kind === 'moved') expect(route.from).toBe(gone)
    expect((await counted.lookup('a'))?.version).toBe((before?.version as number) + 1)
  })

  it.each([1, 2, 3, 4, 5])(
    'ends at the last endpoint alive, whatever each request has tried (order %d)',
    async (seed) => {
      const { table, counted, replica } = remotePool(seed, 4)
      const replicas = [replica(1), replica(2)]
      let routes = await all(
        table,
        Array.from({ length: 30 }, (_, index) => replicas[index % 2]?.route('a') as Promise<Route>),
      )
      const tried = routes.map(() => new Set<string>())
      while (routes.some((route) => identity(route) !== 'pod-4')) {
        routes = await all(
          table,
          routes.map((route, request) => {
            if (identity(route) === 'pod-4') return route
            expect(tried[request]?.has(identity(route))).toBe(false)
            tried[request]?.add(identity(route))
            return route.next(REFUSED)
          }),
        )
      }
      expect((await counted.lookup('a'))?.identity).toBe('pod-4')
      for (const route of routes) route.done()
      expect(replicas.map(({ sticky }) => sticky.inFlight)).toEqual([0, 0])
    },
  )

  // Under `fail` too: no request has been at the endpoint, so nothing of the session is lost.
  it.each(['rebind', 'fail'] as const)(
    'is moved on when its new endpoint goes before the answer of the claim is here (%s)',
    async (onLost) => {
      const { table, counted, replica } = remotePool(1, 2)
      const { route, discovery } = replica(1, onLost)
      const asked = route('a')
      for (const _ of ['lookup takes effect', 'lookup is answered', 'claim takes effect']) await table.step()
      const bound = (await counted.lookup('a'))?.identity
      expect(bound).toBeDefined()
      discovery.emit(pods(2).filter(({ name }) => name !== bound))
      const [answer] = await all(table, [asked])
      expect(answer).toMatchObject({ kind: 'moved', from: bound })
      expect((await counted.lookup('a'))?.identity).toBe(identity(answer as Route))
      expect(identity(answer as Route)).not.toBe(bound)
    },
  )
})
