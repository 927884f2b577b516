import { describe, expect, it } from 'vitest'
import { random } from '../src/balance/random.ts'
import { address } from '../src/key/address.ts'
import { createSticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import type { StickyTable } from '../src/table/sticky-table.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeRequest } from '../src/testing/fake-request.ts'
import { DRAINING, NOT_READY, pod, pods, pool, REFUSED, refused, served, testKey } from './support/pool.ts'

const CAP = { maxBoundPerEndpoint: 10 }

/** A pool of three pods with a cap of ten, and as many keys as asked. */
function filled(keys: number, options: Parameters<typeof pool>[0] = {}) {
  const clock = fakeClock()
  const table = memoryTable({ clock })
  const test = pool({ endpoints: pods(3), table, clock, ...CAP, ...options })
  const kinds: Record<string, number> = {}
  for (let index = 0; index < keys; index++) {
    const given = served(test.route(`key-${index}`))
    given.done()
    kinds[given.kind] = (kinds[given.kind] ?? 0) + 1
  }
  const bound = () => pods(3).map(({ name }) => table.countByEndpoint(name as string))
  return { ...test, table, kinds, bound }
}

describe('a cap of bound keys', () => {
  it('has keys whose pod is full bound to another, told as overflow, up to the sum of all caps', () => {
    const { kinds, bound, route } = filled(30)
    expect(bound()).toEqual([10, 10, 10])
    expect((kinds.bound ?? 0) + (kinds.overflow ?? 0)).toBe(30)
    expect(kinds.overflow).toBeGreaterThan(0)
    for (let index = 0; index < 30; index++) expect(served(route(`key-${index}`)).kind).toBe('stuck')
  })

  it('says of an overflow whether it is stored', () => {
    const { route, bound } = filled(29)
    let index = 29
    let given = served(route(`key-${index}`))
    while (given.kind === 'bound') {
      void given.next(REFUSED)
      given = served(route(`key-${++index}`))
    }
    if (given.kind === 'overflow') {
      expect(given.stored).toBe(true)
      expect(given.explain()).toBe(`test key: miss, overflow, bound to ${given.endpoint.identity}`)
    }
    expect(bound()).toEqual([10, 10, 10])
  })

  it('refuses the 31st key of three pods by default, and serves requests without a key', () => {
    const { route, bound } = filled(30)
    expect(refused(route('one-more'))).toMatchObject({
      reason: 'at-capacity',
      message: 'every endpoint holds as many keys as it may (option "createSticky.maxBoundPerEndpoint")',
      status: undefined,
    })
    expect(served(route()).kind).toBe('keyless')
    expect(bound()).toEqual([10, 10, 10])
  })

  it('serves it unstored if asked to, each of its requests placed anew', async () => {
    const { route, bound, table } = filled(30, { onCapacity: 'unstored' })
    for (let time = 0; time < 3; time++) {
      const given = served(route('one-more'))
      expect(given).toMatchObject({ kind: 'overflow', stored: false })
      expect(given.explain()).toBe(`test key: overflow to ${given.endpoint.identity}, not bound`)
    }
    expect(table.lookup('one-more')).toBeUndefined()
    expect(bound()).toEqual([10, 10, 10])
  })

  it.each(['refuse', 'unstored'] as const)(
    'has a slot that is freed used by the next key (%s)',
    (onCapacity) => {
      const { route, bound, table } = filled(30, { onCapacity })
      const freed = table.lookup('key-7')?.identity
      table.release('key-7')
      const given = served(route('one-more'))
      expect(['bound', 'overflow']).toContain(given.kind)
      expect(given.endpoint.identity).toBe(freed)
      expect(bound()).toEqual([10, 10, 10])
    },
  )

  it('has a slot used that an idle timeout frees', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 1_000 })
    const { route } = filled(30, { table, clock })
    expect(refused(route('one-more')).reason).toBe('at-capacity')
    clock.advance(1_001)
    expect(served(route('one-more')).kind).toBe('bound')
  })

  it('holds for moves: the keys of a lost pod fill what is free, then are refused', () => {
    const { route, discovery, bound } = filled(24)
    const [one] = bound() as [number]
    discovery.emit([pod(2), pod(3)])
    const room = 20 - (24 - one)
    const kinds: Record<string, number> = {}
    for (let index = 0; index < 24; index++) {
      const given = route(`key-${index}`) as { kind: string; reason?: string }
      const kind = given.reason ?? given.kind
      kinds[kind] = (kinds[kind] ?? 0) + 1
    }
    expect(kinds).toEqual({ stuck: 24 - one, moved: room, ...(one > room && { 'at-capacity': one - room }) })
    expect(bound().slice(1)).toEqual([10, 10])
  })

  it('holds for moves: those without room make a detour where onCapacity is unstored', () => {
    const { route, discovery, table } = filled(30, { onCapacity: 'unstored' })
    discovery.emit([pod(1, NOT_READY), pod(2), pod(3)])
    for (let index = 0; index < 30; index++) {
      const wasThere = table.lookup(`key-${index}`)?.identity === 'pod-1'
      expect(served(route(`key-${index}`)).kind).toBe(wasThere ? 'detour' : 'stuck')
    }
    expect(table.countByEndpoint('pod-1')).toBe(10)
  })

  it('does not count those that take no new keys as room', () => {
    const { route, discovery } = filled(0)
    discovery.emit([pod(1), pod(2, DRAINING), pod(3, { weight: 0 })])
    for (let index = 0; index < 10; index++) served(route(`key-${index}`))
    expect(refused(route('one-more')).reason).toBe('at-capacity')
  })

  it('refuses as no-endpoints where there is nobody at all', () => {
    expect(refused(filled(0, { endpoints: [] }).route('a')).reason).toBe('no-endpoints')
  })

  it('needs a table that counts', () => {
    const { lookup, claim, move, touch, release } = memoryTable()
    const table: StickyTable = { lookup, claim, move, touch, release }
    expect(() => createSticky({ key: testKey, endpoints: ['http://10.0.0.1:80'], table, ...CAP })).toThrow(
      'option "createSticky.table": expected a table with countByEndpoint(), for maxBoundPerEndpoint',
    )
  })
})

describe('a full table that refuses', () => {
  it('answers new keys by a hash, without an error, and always alike; those it knows stay', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, maxEntries: 10, whenFull: 'refuse' })
    const { route, sticky } = pool({ endpoints: pods(5), table, clock })
    for (let index = 0; index < 10; index++) expect(served(route(`key-${index}`)).kind).toBe('bound')
    const homes = new Set<string>()
    for (let index = 10; index < 40; index++) {
      const given = served(route(`key-${index}`))
      expect(given).toMatchObject({ kind: 'fallback', error: undefined })
      expect(given.explain()).toBe(`test key: table full, fallback to ${given.endpoint.identity}`)
      expect(served(route(`key-${index}`))).toMatchObject({ kind: 'fallback', endpoint: given.endpoint })
      homes.add(given.endpoint.identity)
    }
    expect(homes.size).toBe(5)
    expect(served(route('key-3')).kind).toBe('stuck')
    expect(sticky.stats()).toMatchObject({ bindings: 10, kinds: { fallback: 60 } })
  })

  it('has a key whose connection fails go on without it', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, maxEntries: 1, whenFull: 'refuse' })
    const { route } = pool({ endpoints: pods(2), table, clock })
    served(route('a'))
    const given = served(route('b'))
    const next = served(given.next(REFUSED))
    expect(next).toMatchObject({ kind: 'fallback', error: undefined })
    expect(next.endpoint).not.toBe(given.endpoint)
    expect(refused(next.next(REFUSED)).reason).toBe('no-endpoints')
  })

  it('is no failure of the table: onTableError says nothing of it', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, maxEntries: 1, whenFull: 'refuse' })
    const { route } = pool({ endpoints: pods(5), table, clock, onTableError: 'balance', placement: random() })
    served(route('a'))
    const homes = new Set(Array.from({ length: 50 }, () => served(route('b')).endpoint.identity))
    expect(homes.size).toBe(1)
  })
})

/** Binds two keys for each client address; asks for it or not. */
function addressTable(needsAddress: boolean) {
  const table = memoryTable()
  const told: (string | undefined)[] = []
  const counts = new Map<string | undefined, number>()
  const limited: StickyTable = {
    needsAddress,
    lookup: (key) => table.lookup(key),
    claim(key, candidate, client) {
      told.push(client)
      if (table.lookup(key)) return table.claim(key, candidate)
      const count = (counts.get(client) ?? 0) + 1
      if (client !== undefined && count > 2) return { binding: undefined, created: false, full: 'address' }
      counts.set(client, count)
      return table.claim(key, candidate)
    },
    move(key, from, to, client) {
      told.push(client)
      return table.move(key, from, to)
    },
    touch: (key, binding) => table.touch(key, binding),
    release: (key, from) => table.release(key, from),
  }
  return { limited, told }
}

describe('a table that bounds bindings per client address', () => {
  const ask = (sticky: ReturnType<typeof createSticky>, k: string, from: string, headers = {}) =>
    served(sticky.route(fakeRequest({ headers: { k, ...headers }, address: from })))

  it('is told the peer’s, and its limit makes fallbacks without an error', () => {
    const { limited, told } = addressTable(true)
    const endpoints = ['http://10.0.0.1:80', 'http://10.0.0.2:80']
    const sticky = createSticky({
      key: testKey,
      endpoints,
      table: limited,
      clock: fakeClock(),
      confirmLoss: { failures: 1 },
    })
    expect([ask(sticky, 'a', '192.0.2.1').kind, ask(sticky, 'b', '192.0.2.1').kind]).toEqual([
      'bound',
      'bound',
    ])
    expect(ask(sticky, 'c', '192.0.2.1')).toMatchObject({ kind: 'fallback', error: undefined })
    expect(ask(sticky, 'a', '192.0.2.1').kind).toBe('stuck')
    expect(ask(sticky, 'c', '192.0.2.2').kind).toBe('bound')
    expect(served(ask(sticky, 'a', '192.0.2.1').next(REFUSED)).kind).toBe('moved')
    expect(told).toEqual(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.1'])
  })

  it('is told the one that clientAddress reads', () => {
    const { limited, told } = addressTable(true)
    const clientAddress = address({ trustedProxies: ['127.0.0.0/8'] })
    const sticky = createSticky({
      key: testKey,
      endpoints: ['http://10.0.0.1:80'],
      table: limited,
      clientAddress,
      clock: fakeClock(),
    })
    ask(sticky, 'a', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' })
    expect(told).toEqual(['203.0.113.9'])
  })

  it('that does not ask is told nothing, and no address is read', () => {
    const { limited, told } = addressTable(false)
    const clientAddress = { name: 'address', read: () => expect.unreachable('read') }
    const sticky = createSticky({
      key: testKey,
      endpoints: ['http://10.0.0.1:80'],
      table: limited,
      clientAddress,
      clock: fakeClock(),
    })
    ask(sticky, 'a', '192.0.2.1')
    expect(told).toEqual([undefined])
  })
})
