import { describe, expect, it } from 'vitest'
import { leastBound, memoryTable, type Route } from '../../src/index.ts'
import { fakeClock, fakeRandom } from '../../src/testing/index.ts'
import { homes, keysAt, keysNamed, replica, web, webs } from '../support/replica.ts'
import { remoteTable } from '../support/tables.ts'

describe('5. Scale up moves nobody', () => {
  it('3 → 9 pods with 1 000 live keys: zero keys move; new keys land on the new pods by bound count', async () => {
    const gateway = replica(webs(3), { placement: leastBound() })
    const keys = keysNamed('old', 1_000)
    const before = await homes(gateway, keys)
    gateway.discovery.emit(webs(9))
    expect(await homes(gateway, keys)).toEqual(before)
    const fresh = await homes(gateway, keysNamed('new', 900))
    const old = ['web-1', 'web-2', 'web-3'].reduce((sum, pod) => sum + keysAt(fresh, pod).length, 0)
    expect(old).toBe(0)
    expect(gateway.sticky.stats().moves).toEqual({})
  })
})

describe('6. Scale down moves only the orphans', () => {
  it('9 → 6: keys of the 6 survivors stay, each orphan moves once and then stays', async () => {
    const gateway = replica(webs(9))
    const keys = keysNamed('user', 900)
    const before = await homes(gateway, keys)
    gateway.discovery.emit(webs(6))
    const after = await homes(gateway, keys)
    const orphans = ['web-7', 'web-8', 'web-9'].flatMap((pod) => keysAt(before, pod))
    for (const key of keys) {
      if (orphans.includes(key)) expect(['web-7', 'web-8', 'web-9']).not.toContain(after.get(key))
      else expect(after.get(key)).toBe(before.get(key))
    }
    for (let round = 0; round < 3; round++) expect(await homes(gateway, keys)).toEqual(after)
    expect(gateway.sticky.stats().moves).toEqual({ gone: orphans.length })
  })
})

describe('7. Concurrent first requests', () => {
  it('500 simultaneous first requests for one key on one replica: exactly one pod sees them all', async () => {
    const { route } = replica(webs(5))
    const given = await Promise.all(Array.from({ length: 500 }, () => route('one')))
    expect(new Set(given.map((each) => (each as { endpoint?: unknown }).endpoint)).size).toBe(1)
    expect(given.filter(({ kind }) => kind === 'bound')).toHaveLength(1)
  })

  it('… on 4 replicas sharing a store, whatever the order in which it answers: exactly one pod sees them all', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const clock = fakeClock()
      const store = remoteTable(memoryTable({ clock }), fakeRandom(seed))
      const gateways = Array.from({ length: 4 }, (_, index) =>
        replica(webs(5), {
          table: store,
          clock,
          placement: leastBound(),
          random: fakeRandom(seed * 10 + index),
        }),
      )
      const asked: Promise<Route>[] = []
      for (let request = 0; request < 125; request++)
        for (const { route } of gateways) asked.push(route('one'))
      await store.run()
      const given = await Promise.all(asked)
      const pods = new Set(
        given.map((each) => (each as { endpoint: { identity: string } }).endpoint.identity),
      )
      expect(pods.size).toBe(1)
      expect(given.filter(({ kind }) => kind === 'bound')).toHaveLength(1)
    }
  })
})

describe('13. Endpoint moves between slices', () => {
  it('told twice the same in another order, the pool never loses it and never counts it twice', async () => {
    const gateway = replica(webs(3))
    const keys = keysNamed('user', 60)
    const before = await homes(gateway, keys)
    for (const snapshot of [webs(3), webs(3).reverse(), webs(3)]) {
      gateway.discovery.emit(snapshot)
      expect(gateway.sticky.endpoints?.placeable).toHaveLength(3)
      expect(await homes(gateway, keys)).toEqual(before)
    }
  })

  it('removed first: its bindings survive the declared grace (a hold) and are there when it is back', async () => {
    const gateway = replica(webs(3), { onLost: { gone: { action: 'hold', limitMs: 2_000 } } })
    const keys = keysNamed('user', 60)
    const before = await homes(gateway, keys)
    const its = keysAt(before, 'web-2')
    gateway.discovery.emit([web(1), web(3)])
    const held = its.map((key) => gateway.send(key))
    gateway.clock.advance(1_000)
    gateway.discovery.emit(webs(3))
    expect(new Set(await Promise.all(held))).toEqual(new Set(['web-2']))
    expect(await homes(gateway, keys)).toEqual(before)
    expect(gateway.sticky.stats().moves).toEqual({})
  })
})

describe('21. Weights and canary', () => {
  it('weight 0 takes no new keys and keeps old ones', async () => {
    const gateway = replica(webs(3))
    const keys = keysNamed('user', 60)
    const before = await homes(gateway, keys)
    gateway.discovery.emit([web(1), web(2, { weight: 0 }), web(3)])
    expect(await homes(gateway, keys)).toEqual(before)
    expect(keysAt(await homes(gateway, keysNamed('new', 100)), 'web-2')).toEqual([])
  })

  it('a key bound to the canary stays there while the split changes', async () => {
    const split = (canary: number) => [web(1, { weight: 100 - canary }), web(2, { weight: canary })]
    const gateway = replica(split(50))
    const keys = keysNamed('user', 200)
    const before = await homes(gateway, keys)
    for (const canary of [10, 90, 1, 0, 100]) {
      gateway.discovery.emit(split(canary))
      expect(await homes(gateway, keys)).toEqual(before)
    }
    const fresh = await homes(gateway, keysNamed('new', 50))
    expect(keysAt(fresh, 'web-2')).toHaveLength(50)
  })
})

describe('22. Caps', () => {
  it.each([
    ['refuse', 'refused at-capacity'],
    ['unstored', 'web-'],
  ] as const)(
    'cap of 10 bound keys per pod, 3 pods: the 31st key follows the overflow policy (%s); a freed slot is used',
    async (onCapacity, expected) => {
      const clock = fakeClock()
      const table = memoryTable({ clock })
      const gateway = replica(webs(3), { table, clock, maxBoundPerEndpoint: 10, onCapacity })
      const found = await homes(gateway, keysNamed('user', 30))
      for (const { name } of webs(3)) expect(keysAt(found, name as string)).toHaveLength(10)
      expect(await gateway.send('user-30')).toContain(expected)
      expect(gateway.sticky.stats().bindings).toBe(30)
      table.release('user-12')
      expect(await gateway.send('user-30')).toBe(found.get('user-12'))
      expect(gateway.sticky.stats().bindings).toBe(30)
    },
  )
})
