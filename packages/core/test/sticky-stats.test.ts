import { describe, expect, it } from 'vitest'
import type { Route } from '../src/route/route.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { DRAINING, NOT_READY, pod, pods, pool, REFUSED, served } from './support/pool.ts'
import { countedTable } from './support/tables.ts'

const NONE = { stuck: 0, bound: 0, moved: 0, detour: 0, keyless: 0, overflow: 0, fallback: 0, refused: 0 }

describe('stats()', () => {
  it('of a pool that knows nothing yet are zero', () => {
    const { sticky } = pool({ name: 'carts' })
    expect(sticky.stats()).toEqual({
      pool: 'carts',
      kinds: NONE,
      refused: {},
      moves: {},
      inFlight: 0,
      waiting: { snapshot: 0, hold: 0 },
      bindings: 0,
      isPanic: false,
      endpoints: [],
    })
  })

  it('tell of every endpoint, in discovery’s order', () => {
    const { sticky, route, discovery } = pool({ endpoints: [pod(1, { weight: 2 })] })
    served(route('a'))
    served(route('b')).done()
    discovery.emit([pod(3, DRAINING), pod(1, { weight: 2 }), pod(2, NOT_READY)])
    sticky.setWeight('pod-2', 7)
    expect(sticky.stats()).toMatchObject({
      inFlight: 1,
      bindings: 2,
      endpoints: [
        {
          identity: 'pod-3',
          availability: { state: 'draining' },
          weight: 1,
          requests: 0,
          bound: 0,
          ejections: 0,
        },
        {
          identity: 'pod-1',
          availability: { state: 'ready' },
          weight: 2,
          requests: 1,
          bound: 2,
          ejections: 0,
        },
        {
          identity: 'pod-2',
          availability: { state: 'down', cause: 'not-ready' },
          weight: 7,
          requests: 0,
          bound: 0,
          ejections: 0,
        },
      ],
    })
  })

  it('add up: every route given is counted once, by kind; requests and bindings are those there are', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock })
    const { sticky, route, discovery } = pool({
      endpoints: pods(4),
      table,
      clock,
      onLost: { gone: 'detour' },
    })
    const counted: Record<string, number> = { ...NONE }
    const open: Route[] = []
    const note = async (given: Route | Promise<Route>) => {
      const route = await given
      counted[route.kind] = (counted[route.kind] ?? 0) + 1
      open.push(route)
      return route
    }
    for (let index = 0; index < 60; index++) {
      const given = await note(route(index % 7 === 0 ? undefined : `key-${index % 25}`))
      if (index % 5 === 0 && given.kind !== 'refused') await note(given.next(REFUSED))
      if (index % 3 === 0) given.done()
      if (index === 30) discovery.emit(pods(2))
      if (index === 50) discovery.emit([])
    }
    const stats = sticky.stats()
    expect(stats.kinds).toEqual(counted)
    expect(Object.values(stats.refused).reduce((sum, count) => sum + count, 0)).toBe(counted.refused)
    expect(Object.values(stats.moves).reduce((sum, count) => sum + count, 0)).toBe(counted.moved)
    discovery.emit(pods(4))
    const now = sticky.stats()
    expect(now.endpoints.reduce((sum, { requests }) => sum + requests, 0)).toBe(now.inFlight)
    expect(now.endpoints.reduce((sum, { bound }) => sum + (bound as number), 0)).toBe(table.size)
    for (const given of open) given.done()
    expect(sticky.stats().inFlight).toBe(0)
  })

  it('count moves by cause, corrections among them', () => {
    const { sticky, route, discovery } = pool({ endpoints: pods(2), minMoveIntervalMs: 0 })
    const given = served(route('a'))
    const other = given.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1'
    void given.settle({ servedBy: other })
    discovery.emit(pods(2).filter(({ name }) => name !== other))
    served(route('a'))
    expect(sticky.stats().moves).toEqual({ corrected: 1, gone: 1 })
  })

  it('say what waits', async () => {
    const { sticky, route, discovery } = pool({ onLost: { action: 'hold', limitMs: 1_000 } })
    const first = [route('a'), route('a')]
    expect(sticky.stats().waiting).toEqual({ snapshot: 2, hold: 0 })
    discovery.emit([pod(1)])
    await Promise.all(first)
    discovery.emit([pod(1, NOT_READY), pod(2)])
    const held = route('a')
    expect(sticky.stats().waiting).toEqual({ snapshot: 0, hold: 1 })
    await sticky.close()
    await held
    expect(sticky.stats().waiting).toEqual({ snapshot: 0, hold: 0 })
  })

  it('leave out what a table does not count', () => {
    const { sticky, route } = pool({ endpoints: pods(1), table: countedTable(memoryTable()) })
    served(route('a'))
    expect(sticky.stats()).toMatchObject({
      bindings: undefined,
      endpoints: [{ bound: undefined, requests: 1 }],
    })
  })

  it('are a copy', () => {
    const { sticky, route } = pool({ endpoints: pods(1) })
    const before = sticky.stats()
    served(route('a'))
    expect(before.kinds).toEqual(NONE)
  })
})
