import { describe, expect, it } from 'vitest'
import { roundRobin } from '../src/balance/round-robin.ts'
import type { KeySource } from '../src/key/key-source.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { alone, homesOf, IDLE, type OutagePool, outagePool } from './support/outage-pool.ts'
import { pod, pods, pool } from './support/pool.ts'
import { prompt, RemoteStore } from './support/remote-store.ts'
import { settled } from './support/settled.ts'
import { type Faults, faultyTable } from './support/tables.ts'

const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`)
/** Until everything that waits to be offered was: a probe, and a pause for each 64. */
const OFFERED = 1_500

describe.each(['throws', 'rejects', 'hangs'] as const)('while a table %s', (fault) => {
  it('keys go where this replica last knew them bound, as fallback', async () => {
    const test = alone({ placement: roundRobin() })
    const homes = await homesOf(test, KEYS)
    test.away(fault)
    // Something makes the replica ask: what it remembers may be out of date.
    test.source.tell.changed(undefined)
    for (const key of KEYS.slice(0, 5)) expect(await test.send(key)).toBe(`fallback ${homes.get(key)}`)
  })

  it('keys that it does not know, and those whose endpoint is lost, go by the hash that all replicas share', async () => {
    const test = alone({ placement: roundRobin() })
    const other = alone()
    const homes = await homesOf(test, KEYS)
    for (const one of [test, other]) {
      one.away(fault)
      one.source.tell.changed(undefined)
      one.discovery.emit(pods(5).filter(({ name }) => name !== homes.get('key-0')))
    }
    expect(await test.send('key-0')).toBe(await other.send('key-0'))
    expect(await test.send('key-0')).not.toBe(`fallback ${homes.get('key-0')}`)
    expect(await test.send('new')).toBe(await other.send('new'))
  })

  it('nothing is served as stuck without asking again, once it is back', async () => {
    const test = alone({ placement: roundRobin() })
    const homes = await homesOf(test, KEYS)
    test.away(fault)
    test.source.tell.changed('key-0')
    test.source.tell.changed('key-1')
    for (const key of ['key-0', 'key-1']) await test.send(key)
    // Another replica moved a key, and this one was not told.
    const others = test.store.table(prompt)
    const standing = test.store.standing('key-2')
    const to = homes.get('key-2') === 'pod-1' ? 'pod-2' : 'pod-1'
    if (standing) await others.move('key-2', standing, to)
    test.away(undefined)
    expect(await test.send('key-2')).toBe(`stuck ${to}`)
    for (const key of KEYS.slice(3)) expect(await test.send(key)).toBe(`stuck ${homes.get(key)}`)
  })
})

describe('after an outage', () => {
  it('keys that were served meanwhile are claimed for the endpoint that served them, and no timer is left', async () => {
    const test = alone()
    test.away('rejects')
    const homes = await homesOf(test, KEYS)
    await test.pass(2_000)
    expect(KEYS.some((key) => test.store.standing(key))).toBe(false)
    // One probe a second while it is away, not one for each key.
    expect(test.calls.claim).toBeLessThanOrEqual(2)
    test.away(undefined)
    await test.pass(OFFERED)
    for (const key of KEYS) expect(test.store.standing(key)?.identity).toBe(homes.get(key))
    for (const key of KEYS) expect(await test.send(key)).toBe(`stuck ${homes.get(key)}`)
    await test.pass(OFFERED)
    expect(test.clock.pending).toBe(0)
  })

  it('a binding that was made elsewhere stands', async () => {
    const test = alone()
    test.away('rejects')
    const homes = await homesOf(test, KEYS)
    const elsewhere = (key: string) => (homes.get(key) === 'pod-1' ? 'pod-2' : 'pod-1')
    const others = test.store.table(prompt)
    for (const key of KEYS) await others.claim(key, elsewhere(key))
    test.away(undefined)
    await test.pass(OFFERED)
    for (const key of KEYS) expect(test.store.standing(key)?.identity).toBe(elsewhere(key))
    for (const key of KEYS) expect(await test.send(key)).toBe(`stuck ${elsewhere(key)}`)
  })

  it('a key that comes before it was offered stays where it was served, whatever the balancer', async () => {
    const test = alone({ placement: roundRobin() })
    test.away('rejects')
    const homes = await homesOf(test, KEYS)
    test.away(undefined)
    for (const key of KEYS) expect(await test.send(key)).toBe(`bound ${homes.get(key)}`)
  })

  it('what a table without persistence has lost is bound again where it was', async () => {
    const test = alone({ placement: roundRobin() })
    const homes = await homesOf(test, KEYS)
    test.away('rejects')
    test.source.tell.lost()
    test.source.tell.changed(undefined)
    for (const key of KEYS) expect(await test.send(key)).toBe(`fallback ${homes.get(key)}`)
    test.store.lose()
    test.away(undefined)
    test.source.tell.restored()
    for (const key of KEYS.slice(0, 10)) expect(await test.send(key)).toBe(`bound ${homes.get(key)}`)
    await test.pass(OFFERED)
    for (const key of KEYS) expect(test.store.standing(key)?.identity).toBe(homes.get(key))
  })

  it('a key is not claimed for an endpoint that is gone, nor after its idle timeout', async () => {
    const test = alone()
    test.away('rejects')
    const homes = await homesOf(test, KEYS)
    const gone = homes.get('key-0') as string
    test.discovery.emit(pods(5).filter(({ name }) => name !== gone))
    test.away(undefined)
    await test.pass(OFFERED)
    for (const key of KEYS) {
      expect(test.store.standing(key)?.identity).toBe(homes.get(key) === gone ? undefined : homes.get(key))
    }
    const late = alone()
    late.away('rejects')
    await late.send('a')
    await late.pass(IDLE)
    late.away(undefined)
    await late.pass(OFFERED)
    expect(late.store.standing('a')).toBeUndefined()
    expect(late.clock.pending).toBe(0)
  })

  it('a bounded number of keys is claimed, a few at a time', async () => {
    const test = alone({ idleTimeoutMs: 3_600_000 })
    test.away('throws')
    for (let index = 0; index < 10_100; index++) await test.send(`many-${index}`)
    const tried = test.calls.claim
    test.away(undefined)
    await test.pass(1_000)
    expect(test.calls.claim - tried).toBe(1)
    await test.pass(50)
    expect(test.calls.claim - tried).toBe(65)
    await test.pass(10_000)
    expect(test.calls.claim - tried).toBe(10_000)
    expect(test.store.standing('many-99')).toBeUndefined()
    expect(test.store.standing('many-100')).toBeDefined()
    expect(test.clock.pending).toBe(0)
  })

  it('a key whose binding was seen before the table failed is left as it is', async () => {
    const test = alone()
    const homes = await homesOf(test, ['a'])
    const claims = test.calls.claim
    // Only the move of the lost key fails: the request makes a detour.
    test.fail('move')
    test.discovery.emit(pods(5).filter(({ name }) => name !== homes.get('a')))
    expect(await test.send('a')).toMatch(/^fallback /)
    await test.pass(OFFERED)
    expect(test.calls.claim).toBe(claims)
    expect(test.clock.pending).toBe(0)
  })

  it('a key is claimed for the address of the client that it was served to', async () => {
    const clock = fakeClock()
    const faults: Faults = { lookup: 'throws' }
    const inner = memoryTable({ clock, maxBindingsPerAddress: 1 })
    const table = { ...faultyTable(inner, faults), needsAddress: true }
    const clientAddress: KeySource = { name: 'test address', read: () => '192.0.2.1' }
    const { route } = pool({ endpoints: pods(2), table, clock, clientAddress })
    for (const key of ['a', 'b']) {
      const given = await route(key)
      if (given.kind !== 'refused') await given.settle({ status: 200 })
    }
    for (let passed = 0; passed < 3_000; passed += 50) {
      clock.advance(50)
      await settled()
    }
    expect(inner.size).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it.each(['balance', 'refuse'] as const)(
    "nothing is claimed under onTableError: '%s'",
    async (onTableError) => {
      const test = alone({ onTableError })
      test.away('rejects')
      await test.send('a')
      test.away(undefined)
      await test.pass(OFFERED)
      expect(test.store.rows.size).toBe(0)
    },
  )

  it('a pool that was closed claims nothing and leaves no timer', async () => {
    const test = alone()
    test.away('rejects')
    await test.send('a')
    expect(test.clock.pending).toBe(1)
    await test.sticky.close()
    expect(test.clock.pending).toBe(0)
    test.away(undefined)
    await test.pass(OFFERED)
    expect(test.store.rows.size).toBe(0)
  })

  it('a table that fails to tell what it last knew is no harm', async () => {
    const broken = () => {
      throw new Error('broken')
    }
    const table = {
      lookup: broken,
      claim: broken,
      move: broken,
      touch: broken,
      release: broken,
      lastKnown: broken,
    }
    const { route } = pool({ endpoints: pods(2), table })
    expect(await route('a')).toMatchObject({ kind: 'fallback' })
  })
})

describe('two replicas with near caches', () => {
  it('move each key of a lost pod once, to one pod, however late they hear of each other', async () => {
    const clock = fakeClock()
    const store = new RemoteStore(clock, { idleTimeoutMs: IDLE })
    const replicas = [1, 2].map(() => outagePool(store, clock, { placement: roundRobin() })) as [
      OutagePool,
      OutagePool,
    ]
    const late: string[] = []
    store.watch((key) => late.push(key))
    const homes = await homesOf(replicas[0], KEYS)
    for (const key of KEYS) expect(await replicas[1].send(key)).toBe(`stuck ${homes.get(key)}`)
    late.length = 0
    replicas[0].discovery.emit([pod(2), pod(3), pod(4), pod(5)])
    const first = await homesOf(replicas[0], KEYS)
    // The other one still believes in the pod, then hears of its end, and of the moves last.
    for (const key of KEYS) expect(await replicas[1].send(key)).toBe(`stuck ${homes.get(key)}`)
    replicas[1].discovery.emit([pod(2), pod(3), pod(4), pod(5)])
    for (const key of KEYS) expect(await replicas[1].send(key)).toBe(`stuck ${first.get(key)}`)
    const lost = KEYS.filter((key) => homes.get(key) === 'pod-1')
    expect(lost.length).toBeGreaterThan(0)
    expect(late).toEqual(lost)
    for (const { source } of replicas) for (const key of late) source.tell.changed(key)
    for (const one of replicas) {
      for (const key of KEYS) expect(await one.send(key)).toBe(`stuck ${first.get(key)}`)
    }
    expect(late).toEqual(lost)
  })
})
