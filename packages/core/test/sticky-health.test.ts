import { describe, expect, it } from 'vitest'
import { leastBound } from '../src/balance/least-bound.ts'
import { preferZone } from '../src/balance/prefer-zone.ts'
import { random } from '../src/balance/random.ts'
import { rendezvous } from '../src/balance/rendezvous.ts'
import type { HealthCheck } from '../src/health/health-check.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import {
  brief,
  NOT_READY,
  pod,
  pods,
  pool,
  REFUSED,
  served,
  TERMINATED,
  type TestPool,
} from './support/pool.ts'
import { settled } from './support/settled.ts'
import { sharedTable } from './support/shared-table.ts'

const DETOURS = { onLost: 'detour' } as const

/** A key that is bound to the endpoint. */
function keyOf({ route }: TestPool, identity: string): string {
  for (let index = 0; ; index++) {
    const given = served(route(`${identity}-${index}`))
    given.done()
    if (given.endpoint.identity === identity) return `${identity}-${index}`
  }
}

function failing({ route }: TestPool, key: string, times: number): void {
  for (let time = 0; time < times; time++) served(served(route(key)).next(REFUSED)).done()
}

function answering({ route }: TestPool, key: string, outcome: object, times = 1): void {
  for (let time = 0; time < times; time++) {
    const given = served(route(key))
    void given.settle(outcome)
    given.done()
  }
}

const states = ({ sticky }: TestPool) =>
  sticky.stats().endpoints.map(({ availability }) => availability.state)

describe('an endpoint that refuses connections', () => {
  it('is ejected after three in a row: no request goes there until its time is up, then one is enough', () => {
    const test = pool({ endpoints: pods(4), ...DETOURS })
    const key = keyOf(test, 'pod-2')
    failing(test, key, 2)
    expect(states(test)).toEqual(['ready', 'ready', 'ready', 'ready'])
    failing(test, key, 1)
    expect(test.sticky.endpoints?.availability('pod-2')).toEqual({ state: 'down', cause: 'unreachable' })
    expect(served(test.route(key))).toMatchObject({ kind: 'detour', from: 'pod-2', cause: 'unreachable' })
    test.clock.advance(9_999)
    expect(served(test.route(key)).kind).toBe('detour')
    test.clock.advance(1)
    failing(test, key, 1)
    expect(states(test)[1]).toBe('down')
    test.clock.advance(20_000)
    expect(brief(served(test.route(key)))).toBe('stuck pod-2')
    expect(test.sticky.stats().endpoints[1]?.ejections).toBe(2)
  })

  it('is kept in where too much of the pool would be out', () => {
    const test = pool({ endpoints: pods(2), ...DETOURS })
    const [one, two] = [keyOf(test, 'pod-1'), keyOf(test, 'pod-2')]
    failing(test, one, 3)
    for (let time = 0; time < 5; time++) void served(test.route(two)).next(REFUSED)
    expect(states(test)).toEqual(['down', 'ready'])
  })

  it('starts without a past at another address', () => {
    const test = pool({ endpoints: pods(4), ...DETOURS })
    failing(test, keyOf(test, 'pod-2'), 3)
    test.discovery.emit([pod(1), pod(2, { host: '10.9.9.9' }), pod(3), pod(4)])
    expect(states(test)).toEqual(['ready', 'ready', 'ready', 'ready'])
    test.clock.advance(11_000)
    expect(test.sticky.stats().endpoints[1]?.ejections).toBe(0)
  })

  it('leaves no timer after close', async () => {
    const test = pool({ endpoints: pods(4), ...DETOURS })
    failing(test, keyOf(test, 'pod-2'), 3)
    await test.sticky.close()
    expect(test.clock.pending).toBe(0)
  })

  it('is the whole pool where all others are down: it is kept in', () => {
    const test = pool({ endpoints: [pod(1), pod(2, NOT_READY), pod(3, TERMINATED)], ...DETOURS })
    const key = keyOf(test, 'pod-1')
    for (let time = 0; time < 5; time++) void served(test.route(key)).next(REFUSED)
    expect(test.sticky.stats()).toMatchObject({
      isPanic: false,
      endpoints: [{ availability: { state: 'ready' } }, {}, {}],
    })
    test.discovery.emit(pods(3))
    failing(test, key, 1)
    expect(states(test)[0]).toBe('down')
  })

  it('makes room for another to be ejected when it is gone', () => {
    const test = pool({ endpoints: pods(2), ...DETOURS })
    const two = keyOf(test, 'pod-2')
    failing(test, keyOf(test, 'pod-1'), 3)
    test.discovery.emit([pod(2), pod(3)])
    failing(test, two, 3)
    expect(test.sticky.endpoints?.availability('pod-2')).toEqual({ state: 'down', cause: 'unreachable' })
  })
})

describe('answers that are errors', () => {
  it.each([{ status: 503 }, { error: new Error('reset') }])('count by option only: %o', (outcome) => {
    const without = pool({ endpoints: pods(4), ...DETOURS })
    answering(without, keyOf(without, 'pod-2'), outcome, 50)
    expect(states(without)[1]).toBe('ready')
    const counting = pool({ endpoints: pods(4), passiveHealth: { errors: 5 }, ...DETOURS })
    const key = keyOf(counting, 'pod-2')
    answering(counting, key, outcome, 4)
    answering(counting, key, { status: 404 })
    answering(counting, key, outcome, 4)
    expect(states(counting)[1]).toBe('ready')
    answering(counting, key, outcome)
    expect(counting.sticky.endpoints?.availability('pod-2')).toEqual({ state: 'down', cause: 'ejected' })
  })

  it('count for the endpoint of the route, not for another that is said to have served', () => {
    const test = pool({ endpoints: pods(4), passiveHealth: { errors: 1 }, ...DETOURS })
    answering(test, keyOf(test, 'pod-2'), { status: 500, servedBy: 'pod-3' })
    expect(states(test)).toEqual(['ready', 'ready', 'ready', 'ready'])
  })
})

describe('a slow endpoint', () => {
  it('is ejected by option, by the time from route to settle', () => {
    const test = pool({ endpoints: pods(4), passiveHealth: { latency: { leastRequests: 2 } }, ...DETOURS })
    const keys = pods(4).map(({ name }) => keyOf(test, name as string))
    const round = () => {
      for (const [index, key] of keys.entries()) {
        const given = served(test.route(key))
        test.clock.advance(index === 2 ? 900 : 50)
        void given.settle({ status: 200 })
        given.done()
      }
    }
    for (let times = 0; times < 11; times++) round()
    expect(test.sticky.endpoints?.availability('pod-3')).toEqual({ state: 'down', cause: 'ejected' })
    expect(states(test)).toEqual(['ready', 'ready', 'down', 'ready'])
  })
})

function checks(ill: Set<string>): HealthCheck {
  return {
    name: 'fake',
    schedule: { intervalMs: 1_000, jitter: 0, timeoutMs: 900, rise: 1, fall: 1, maxConcurrent: 10 },
    probe: ({ identity }) => (ill.has(identity) ? Promise.reject(new Error('ill')) : Promise.resolve()),
  }
}

async function pass({ clock }: TestPool, seconds: number): Promise<void> {
  for (let step = 0; step < 4 * seconds; step++) {
    clock.advance(250)
    await settled()
  }
}

describe('active checks', () => {
  it('take an endpoint out and let it in again; its keys make detours meanwhile in a shared table', async () => {
    const [ill, clock] = [new Set<string>(), fakeClock()]
    const test = pool({ endpoints: pods(4), table: sharedTable({ clock }), clock, healthCheck: checks(ill) })
    const key = keyOf(test, 'pod-2')
    await pass(test, 2)
    ill.add('pod-2')
    await pass(test, 2)
    expect(served(test.route(key))).toMatchObject({ kind: 'detour', from: 'pod-2', cause: 'unreachable' })
    ill.clear()
    await pass(test, 2)
    expect(brief(served(test.route(key)))).toBe('stuck pod-2')
    await test.sticky.close()
    expect(clock.pending).toBe(0)
  })

  it('move keys of a shared table when the loss has lasted', async () => {
    const [ill, clock] = [new Set(['pod-2']), fakeClock()]
    const test = pool({ endpoints: pods(4), table: sharedTable({ clock }), clock, healthCheck: checks(ill) })
    const key = keyOf(test, 'pod-2')
    await pass(test, 2)
    expect(served(test.route(key)).kind).toBe('detour')
    await pass(test, 6)
    expect(served(test.route(key))).toMatchObject({ kind: 'moved', from: 'pod-2', cause: 'unreachable' })
    await test.sticky.close()
  })

  it('that fail everywhere are disregarded: every key stays where it is, and new ones are placed', async () => {
    const ill = new Set(pods(3).map(({ name }) => name as string))
    const test = pool({ endpoints: pods(3), healthCheck: checks(ill) })
    const keys = pods(3).map(({ name }) => keyOf(test, name as string))
    await pass(test, 3)
    expect(test.sticky.stats().isPanic).toBe(true)
    for (const key of keys) expect(served(test.route(key)).kind).toBe('stuck')
    expect(served(test.route('new')).kind).toBe('bound')
    ill.delete('pod-1')
    await pass(test, 2)
    expect(test.sticky.stats().isPanic).toBe(false)
    expect(states(test)).toEqual(['ready', 'down', 'down'])
    await test.sticky.close()
  })
})

describe('slow start', () => {
  it('gives an endpoint that is new its share of new keys little by little, and its bound keys at once', () => {
    const test = pool({
      endpoints: pods(1),
      slowStart: { windowMs: 20_000, from: 0.05 },
      placement: random(),
    })
    test.discovery.emit(pods(2))
    let key = 0
    const shareNow = () => {
      let there = 0
      for (let index = 0; index < 1_000; index++) {
        const given = served(test.route(`key-${key++}`))
        given.done()
        if (given.endpoint.identity === 'pod-2') there++
      }
      return there / 1_000
    }
    expect(shareNow()).toBeCloseTo(0.05 / 1.05, 1)
    test.clock.advance(10_000)
    expect(shareNow()).toBeCloseTo(0.5 / 1.5, 1)
    test.clock.advance(10_000)
    expect(shareNow()).toBeCloseTo(0.5, 1)
    const bound = keyOf(test, 'pod-2')
    test.discovery.emit([pod(1), pod(2, NOT_READY)])
    test.discovery.emit(pods(2))
    expect(brief(served(test.route(bound)))).toBe('stuck pod-2')
  })
})

describe('placement by count and zone', () => {
  it('fills what scaling out has added, by leastBound', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock })
    const test = pool({ endpoints: pods(2), table, clock, placement: leastBound() })
    for (let index = 0; index < 20; index++) served(test.route(`old-${index}`))
    test.discovery.emit(pods(3))
    for (let index = 0; index < 10; index++)
      expect(served(test.route(`new-${index}`)).endpoint.identity).toBe('pod-3')
    expect(pods(3).map(({ name }) => table.countByEndpoint(name as string))).toEqual([10, 10, 10])
  })

  it('keeps new keys in the gateway’s zone, and bound keys wherever they are', () => {
    const zoned = [pod(1, { zone: 'a' }), pod(2, { zone: 'b' }), pod(3, { zone: 'a' })]
    const clock = fakeClock()
    const table = memoryTable({ clock })
    const [a, b] = ['a', 'b'].map((zone) =>
      pool({ endpoints: zoned, table, clock, placement: preferZone(zone, rendezvous) }),
    ) as [TestPool, TestPool]
    for (let index = 0; index < 30; index++) {
      const home = served(b.route(`b-${index}`))
      expect(home.endpoint.zone).toBe('b')
      expect(brief(served(a.route(`b-${index}`)))).toBe('stuck pod-2')
      expect(served(a.route(`a-${index}`)).endpoint.zone).toBe('a')
    }
    b.discovery.emit([pod(1, { zone: 'a' }), pod(3, { zone: 'a' })])
    expect(served(b.route('b-0'))).toMatchObject({ kind: 'moved', endpoint: { zone: 'a' } })
  })
})
