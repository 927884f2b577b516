import { describe, expect, it } from 'vitest'
import type { EndpointInit } from '../src/endpoint/endpoint.ts'
import { isPromise } from '../src/maybe-promise.ts'
import type { Route } from '../src/route/route.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import {
  boundTo,
  brief,
  NOT_READY,
  pod,
  pods,
  pool,
  REFUSED,
  refused,
  served,
  TERMINATED,
  type TestPool,
} from './support/pool.ts'
import { settled } from './support/settled.ts'
import { sharedTable } from './support/shared-table.ts'

type Options = NonNullable<Parameters<typeof pool>[0]>

/** Replicas on one table; `scope` as the table says. */
function replicas(count: number, scope: 'process' | 'shared', options: Options = {}): TestPool[] {
  const clock = fakeClock()
  const table = scope === 'process' ? memoryTable({ clock }) : sharedTable({ clock })
  return Array.from({ length: count }, () => pool({ endpoints: pods(4), table, clock, ...options }))
}

function replica(scope: 'process' | 'shared', options: Options = {}): TestPool {
  return replicas(1, scope, options)[0] as TestPool
}

/** The list without the endpoint, or with it in another state. */
function but(identity: string, more?: Partial<EndpointInit>): EndpointInit[] {
  return pods(4).flatMap((each, index) =>
    each.name !== identity ? [each] : more ? [pod(index + 1, more)] : [],
  )
}

/** A connection to where the key is sent now fails; the request's next route. */
function failOnce({ route }: TestPool, key: string): Route {
  const given = served(served(route(key)).next(REFUSED))
  given.done()
  return given
}

const home = ({ route }: TestPool, key: string): string => {
  const given = served(route(key))
  given.done()
  return given.endpoint.identity
}

describe.each(['process', 'shared'] as const)('facts of discovery, with a table that is %s', (scope) => {
  it.each<[string, Partial<EndpointInit> | undefined]>([
    ['gone', undefined],
    ['not-ready', NOT_READY],
    ['terminated', TERMINATED],
  ])('move a key at once whose endpoint is %s', (cause, state) => {
    const test = replica(scope)
    const from = home(test, 'a')
    test.discovery.emit(but(from, state))
    expect(served(test.route('a'))).toMatchObject({ kind: 'moved', from, cause })
    expect(served(test.route('a')).kind).toBe('stuck')
  })
})

describe('a failed connection', () => {
  it('moves the key at once in a table of this process alone', () => {
    const test = replica('process')
    const from = home(test, 'a')
    expect(failOnce(test, 'a')).toMatchObject({ kind: 'moved', from, cause: 'unreachable' })
  })

  it('makes a detour at once in a shared table, and the binding stays', async () => {
    const test = replica('shared')
    const from = home(test, 'a')
    expect(failOnce(test, 'a')).toMatchObject({ kind: 'detour', from, cause: 'unreachable' })
    expect(await boundTo(test.table, 'a')).toBe(from)
  })

  it('moves the key of a shared table when the endpoint has not done well for afterMs', () => {
    const test = replica('shared', { confirmLoss: { afterMs: 3_000 }, passiveHealth: false })
    const from = home(test, 'a')
    failOnce(test, 'a')
    test.clock.advance(2_999)
    expect(failOnce(test, 'a').kind).toBe('detour')
    test.clock.advance(1)
    expect(failOnce(test, 'a')).toMatchObject({ kind: 'moved', from, cause: 'unreachable' })
  })

  it('moves the key of a shared table after as many failures in a row, not one fewer', () => {
    const test = replica('shared', { confirmLoss: { failures: 4 }, passiveHealth: false })
    home(test, 'a')
    const kinds = Array.from({ length: 4 }, () => failOnce(test, 'a').kind)
    expect(kinds).toEqual(['detour', 'detour', 'detour', 'moved'])
  })

  it('is forgotten when the endpoint does well: the count starts again', () => {
    const test = replica('shared', { confirmLoss: { failures: 3, afterMs: 1_000 }, passiveHealth: false })
    home(test, 'a')
    failOnce(test, 'a')
    failOnce(test, 'a')
    test.clock.advance(999)
    void served(test.route('a')).settle({ status: 200 })
    test.clock.advance(10_000)
    expect(failOnce(test, 'a').kind).toBe('detour')
  })

  it('moves no key of a shared table while more than half the pool looks lost from here', () => {
    const test = replica('shared', { confirmLoss: { failures: 2 }, passiveHealth: false })
    const homes = new Map<string, string>()
    for (let index = 0; homes.size < 3; index++) homes.set(home(test, `key-${index}`), `key-${index}`)
    const [one, two, three] = [...homes.values()] as [string, string, string]
    // Nobody answers a request of this replica: it goes from pod to pod, and all of them look lost.
    let route = served(test.route(one)) as Route
    while (route.kind !== 'refused') route = route.next(REFUSED) as Route
    for (const key of [one, two, three]) {
      for (let time = 0; time < 20; time++) {
        const given = served(test.route(key)).next(REFUSED) as Route
        expect(given.kind).toBe('detour')
      }
    }
    expect(test.sticky.stats().moves).toEqual({})
  })

  it('of an endpoint that has been ejected makes detours, and moves the key when it has lasted', async () => {
    const test = replica('shared')
    const from = home(test, 'a')
    for (let time = 0; time < 3; time++) failOnce(test, 'a')
    await settled()
    expect(test.sticky.endpoints?.availability(from)).toEqual({ state: 'down', cause: 'unreachable' })
    expect(served(test.route('a'))).toMatchObject({ kind: 'detour', from })
    test.clock.advance(5_000)
    expect(served(test.route('a'))).toMatchObject({ kind: 'moved', from, cause: 'unreachable' })
  })
})

describe('detours', () => {
  it('of one key all go to one endpoint, from every replica', () => {
    const [one, other] = replicas(2, 'shared', { passiveHealth: false }) as [TestPool, TestPool]
    for (let index = 0; index < 50; index++) {
      const key = `key-${index}`
      home(one, key)
      const there = failOnce(one, key)
      expect(there.kind).toBe('detour')
      for (const test of [one, other, one, other]) expect(brief(failOnce(test, key))).toBe(brief(there))
      void served(one.route(key)).settle({ status: 200 })
      void served(other.route(key)).settle({ status: 200 })
    }
  })

  it('leave the binding where it was: the key goes home when its endpoint is back', () => {
    const test = replica('process', { onLost: 'detour' })
    const from = home(test, 'a')
    test.discovery.emit(but(from))
    for (let time = 0; time < 3; time++)
      expect(served(test.route('a'))).toMatchObject({ kind: 'detour', from, cause: 'gone' })
    test.discovery.emit(pods(4))
    expect(brief(served(test.route('a')))).toBe(`stuck ${from}`)
  })

  it('of many keys are spread over those that are left', () => {
    const test = replica('process', { onLost: 'detour' })
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
    for (const key of keys) home(test, key)
    test.discovery.emit(but('pod-2'))
    const ways = new Set(
      keys
        .map((key) => served(test.route(key)))
        .filter(({ kind }) => kind === 'detour')
        .map(brief),
    )
    expect(ways).toEqual(new Set(['detour pod-1', 'detour pod-3', 'detour pod-4']))
  })

  it('are refused where nobody is left', () => {
    const { route, discovery } = pool({ endpoints: pods(1), onLost: 'detour' })
    served(route('a'))
    discovery.emit([])
    expect(brief(refused(route('a')))).toBe('refused no-endpoints')
  })
})

describe('minMoveIntervalMs', () => {
  it('has requests of a key that was just moved make detours, and lets it move again afterwards', () => {
    const test = replica('process', { minMoveIntervalMs: 2_000 })
    const first = home(test, 'a')
    test.discovery.emit(but(first))
    const second = served(test.route('a')).endpoint.identity
    test.discovery.emit(pods(4).filter(({ name }) => name !== first && name !== second))
    test.clock.advance(1_999)
    expect(served(test.route('a'))).toMatchObject({ kind: 'detour', from: second, cause: 'gone' })
    test.clock.advance(1)
    expect(served(test.route('a'))).toMatchObject({ kind: 'moved', from: second })
  })

  it('of 0 has no limit', () => {
    const test = replica('process', { minMoveIntervalMs: 0 })
    const first = home(test, 'a')
    test.discovery.emit(but(first))
    const second = served(test.route('a')).endpoint.identity
    test.discovery.emit(pods(4).filter(({ name }) => name !== first && name !== second))
    expect(served(test.route('a'))).toMatchObject({ kind: 'moved', from: second })
  })
})

describe('onLost by cause', () => {
  it.each<[string, Partial<EndpointInit> | undefined, string]>([
    ['gone', undefined, 'refused lost'],
    ['not-ready', NOT_READY, 'detour'],
    ['terminated', TERMINATED, 'moved'],
  ])('does for %s what it says', (_cause, state, expected) => {
    const test = replica('process', {
      onLost: { gone: { action: 'fail', status: 410 }, 'not-ready': 'detour', unreachable: 'fail' },
    })
    const from = home(test, 'a')
    test.discovery.emit(but(from, state))
    const given = test.route('a') as Route
    expect(brief(given)).toMatch(expected)
    if (given.kind === 'refused') {
      expect(given).toMatchObject({
        status: 410,
        message: `the endpoint of this key, ${from}, is lost (gone)`,
      })
    }
  })

  it('has a failed connection follow the action for unreachable', async () => {
    const test = replica('process', { onLost: { unreachable: 'fail' } })
    const from = home(test, 'a')
    expect(refused(served(test.route('a')).next(REFUSED))).toMatchObject({
      reason: 'lost',
      status: undefined,
      cause: REFUSED,
    })
    expect(await boundTo(test.table, 'a')).toBe(from)
  })
})

describe('a request that is held', () => {
  const HOLD = { action: 'hold', limitMs: 2_000 } as const

  function lost(options: Options = {}, state: Partial<EndpointInit> | undefined = NOT_READY) {
    const test = replica('process', { onLost: HOLD, ...options })
    const from = home(test, 'a')
    test.clock.advance(1_000)
    expect(test.clock.pending).toBe(0)
    test.discovery.emit(but(from, state))
    return { ...test, from }
  }

  it.each<[string, Partial<EndpointInit> | undefined, Partial<EndpointInit>]>([
    ['was not ready and is at the same address', NOT_READY, {}],
    ['was not ready and is at another address', NOT_READY, { host: '10.9.9.9' }],
    ['was gone and is at the same address', undefined, {}],
    ['was gone and is at another address', undefined, { host: '10.9.9.9' }],
  ])('reaches its endpoint that %s in time', async (_what, state, back) => {
    const { route, discovery, clock, from, sticky } = lost({}, state)
    const asked = route('a')
    expect(isPromise(asked)).toBe(true)
    expect(sticky.stats().waiting.hold).toBe(1)
    clock.advance(1_999)
    discovery.emit(
      but(from, { ...back }).length === 3
        ? [...but(from), pod(Number(from.slice(4)), back)]
        : but(from, back),
    )
    const given = await asked
    expect(given).toMatchObject({ kind: 'stuck', endpoint: { identity: from, ...back } })
    given.done()
    expect([sticky.stats().waiting.hold, sticky.inFlight]).toEqual([0, 0])
  })

  it('is refused when the limit is met, and the binding stays', async () => {
    const { route, clock, table, from } = lost()
    const asked = route('a')
    clock.advance(2_000)
    expect(await asked).toMatchObject({ kind: 'refused', reason: 'hold-timeout', status: undefined })
    expect(await boundTo(table, 'a')).toBe(from)
    expect(clock.pending).toBe(0)
  })

  it.each(['rebind', 'detour'] as const)('does %s when the limit is met, if asked to', async (otherwise) => {
    const { route, clock, table, from } = lost({ onLost: { ...HOLD, otherwise } })
    const asked = route('a')
    clock.advance(2_000)
    const given = await asked
    expect(given).toMatchObject({
      kind: otherwise === 'rebind' ? 'moved' : 'detour',
      from,
      cause: 'not-ready',
    })
    expect((await boundTo(table, 'a')) === from).toBe(otherwise === 'detour')
  })

  it('waits no longer than its limit in all, however often its endpoint comes and goes', async () => {
    const { route, discovery, clock, from } = lost()
    const asked = route('a')
    clock.advance(1_500)
    discovery.emit(pods(4))
    const stuck = served(await asked)
    expect(stuck.endpoint.identity).toBe(from)
    const again = stuck.next(REFUSED)
    clock.advance(500)
    expect(await again).toMatchObject({ kind: 'refused', reason: 'hold-timeout' })
  })

  it('after a failed connection tries its endpoint again when it was down and is back', async () => {
    const test = replica('process', { onLost: HOLD })
    const from = home(test, 'a')
    const asked = served(test.route('a')).next(REFUSED)
    await settled()
    test.discovery.emit(but(from, NOT_READY))
    await settled()
    test.discovery.emit(pods(4))
    expect(brief(await asked)).toBe(`stuck ${from}`)
  })

  it('is refused with queue-full where as many as allowed wait', async () => {
    const { route, clock } = lost({ onLost: { ...HOLD, maxWaiting: 2 } })
    const asked = [route('a'), route('a')]
    expect(await route('a')).toMatchObject({ reason: 'queue-full' })
    clock.advance(2_000)
    for (const given of await Promise.all(asked)) expect(given).toMatchObject({ reason: 'hold-timeout' })
  })

  it('ends when its client goes away', async () => {
    const { route, clock } = lost()
    const client = new AbortController()
    const asked = route('a', { signal: client.signal })
    client.abort()
    expect(await asked).toMatchObject({
      reason: 'hold-timeout',
      message: 'the request was aborted while it waited for its endpoint',
    })
    expect(clock.pending).toBe(0)
  })

  it('ends when the pool is closed', async () => {
    const { route, clock, sticky } = lost()
    const asked = route('a')
    await sticky.close()
    expect(await asked).toMatchObject({ reason: 'closed' })
    expect(clock.pending).toBe(0)
  })

  it('follows the binding that another replica has moved meanwhile, when its limit is met', async () => {
    const { route, clock, table, from, discovery } = lost({ onLost: { ...HOLD, otherwise: 'rebind' } })
    const other = pool({ endpoints: but(from), table, clock })
    const asked = route('a')
    const moved = served(other.route('a'))
    expect(moved.kind).toBe('moved')
    clock.advance(2_000)
    expect(brief(await asked)).toBe(`stuck ${moved.endpoint.identity}`)
    discovery.emit(pods(4))
    expect(brief(served(route('a')))).toBe(`stuck ${moved.endpoint.identity}`)
  })

  it('follows the binding that another replica has moved meanwhile, when its endpoint is back', async () => {
    const { route, clock, table, from, discovery } = lost()
    const other = pool({ endpoints: but(from), table, clock })
    const asked = route('a')
    const moved = served(other.route('a'))
    discovery.emit(pods(4))
    expect(brief(await asked)).toBe(`stuck ${moved.endpoint.identity}`)
  })

  it('follows the action for why its endpoint is lost now, not for why it was before', async () => {
    const { route, discovery, from } = lost({ onLost: { 'not-ready': HOLD, unreachable: 'detour' } })
    const asked = route('a')
    await settled()
    discovery.emit(pods(4))
    const stuck = served(await asked)
    expect(stuck.endpoint.identity).toBe(from)
    expect(served(stuck.next(REFUSED))).toMatchObject({ kind: 'detour', from, cause: 'unreachable' })
  })

  it('does not wait at all once its limit is used up: the answer needs no timer', async () => {
    const { route, discovery, clock } = lost({ onLost: { ...HOLD, otherwise: 'detour' } })
    const asked = route('a')
    await settled()
    discovery.emit(pods(4))
    const stuck = served(await asked)
    clock.advance(2_000)
    expect(await stuck.next(REFUSED)).toMatchObject({ kind: 'detour', cause: 'unreachable' })
  })
})
