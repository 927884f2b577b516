import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { tableCapabilitiesConformance } from '../../../src/testing/table-capabilities-conformance.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { type ClientKind, connectedClients } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const KINDS: readonly ClientKind[] = ['ioredis', 'iovalkey', 'node-redis', 'node-redis pool', 'valkey-glide']

describeRedis('redisTable', (program) => {
  let server: RedisServer
  let clients: Awaited<ReturnType<typeof connectedClients>>
  let pools = 0
  const clientOf = (kind: ClientKind) => clients.all.get(kind)?.client as RedisClient
  const options = () => ({ pool: `p${pools++}`, callTimeoutMs: 5_000 })

  beforeAll(async () => {
    server = await redisServer({ program })
    clients = await connectedClients(server)
  })
  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  for (const kind of KINDS) {
    const create = (timeouts: { idleTimeoutMs: number; absoluteTimeoutMs?: number }) => {
      const clock = fakeClock()
      const { client, advance } = clockedClient(clientOf(kind), clock)
      const table = redisTable(client, { ...options(), ...timeouts, clock })
      return { table, advance, close: () => table.close() }
    }
    const registry = { describe, it }
    stickyTableConformance({
      registry,
      name: `redisTable with ${kind}`,
      deviations: { idleSlack: 0.25 },
      create,
    })
    const capabilities = ['BindingList', 'BulkRelease'] as const
    tableCapabilitiesConformance({ registry, name: `redisTable with ${kind}`, capabilities, create })
  }

  it('is the same table for clients of every kind', async () => {
    const pool = options()
    const tables = KINDS.map((kind) => redisTable(clientOf(kind), pool))
    const claims = await Promise.all(tables.map((table, index) => table.claim('k', `pod-${index}`)))
    expect(claims.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(claims.map(({ binding }) => binding?.version)).size).toBe(1)
    const moves = await Promise.all(
      tables.map((table, index) => table.move('k', claims[0]?.binding as Binding, `to-${index}`)),
    )
    expect(moves.filter(({ moved }) => moved)).toHaveLength(1)
    const bindings = await Promise.all(tables.map((table) => table.lookup('k')))
    expect(new Set(bindings.map((binding) => `${binding?.identity} ${binding?.version}`)).size).toBe(1)
  })

  it('keeps the keys of two pools, and of two prefixes, apart', async () => {
    const client = clientOf('ioredis')
    const one = redisTable(client, { pool: 'a', prefix: 'x', callTimeoutMs: 5_000 })
    const others = [
      redisTable(client, { pool: 'b', prefix: 'x', callTimeoutMs: 5_000 }),
      redisTable(client, { pool: 'a', prefix: 'y', callTimeoutMs: 5_000 }),
    ]
    await one.claim('k', 'pod-1')
    for (const other of others) expect(await other.lookup('k')).toBeUndefined()
    expect(await one.clear()).toBe(1)
  })

  it('sends no key in clear where it is told not to', async () => {
    const secret = 'a secret of some length'
    const table = redisTable(clientOf('ioredis'), { ...options(), keys: 'fingerprint', secret })
    await table.claim('very-secret-session', 'pod-1')
    expect(await table.lookup('very-secret-session')).toMatchObject({ identity: 'pod-1' })
    expect(await server.cli('KEYS', '*very-secret*')).toBe('')
  })

  it('lets Redis end a binding after 1.25 times the idle timeout, and at its absolute timeout', async () => {
    const pool = { ...options(), idleTimeoutMs: 40_000 }
    const shorter = { ...pool, absoluteTimeoutMs: 45_000 }
    const life = async (key: string) => Number(await server.cli('PTTL', `limpet:${pool.pool}:${key}`))
    for (const kind of ['ioredis', 'node-redis', 'valkey-glide'] as const) {
      const [table, capped] = [redisTable(clientOf(kind), pool), redisTable(clientOf(kind), shorter)]
      const { binding } = await table.claim(`${kind} 1`, 'pod-1')
      const { binding: its } = await capped.claim(`${kind} 2`, 'pod-1')
      const lives = [await life(`${kind} 1`), await life(`${kind} 2`)]
      await table.move(`${kind} 1`, binding as Binding, 'pod-2')
      await capped.move(`${kind} 2`, its as Binding, 'pod-2')
      lives.push(await life(`${kind} 1`), await life(`${kind} 2`))
      for (const [index, most] of [50_000, 45_000, 50_000, 45_000].entries()) {
        expect(lives[index]).toBeLessThanOrEqual(most)
        expect(lives[index]).toBeGreaterThan(most - 10_000)
      }
    }
  })

  it('lengthens a life when less than the idle timeout is left', async () => {
    const clock = fakeClock()
    const pool = { ...options(), idleTimeoutMs: 40_000, clock }
    const { client, advance } = clockedClient(clientOf('ioredis'), clock)
    const table = redisTable(client, pool)
    await table.claim('k', 'pod-1')
    const untilOf = async () => (await server.cli('GET', `limpet:${pool.pool}:k`)).slice(14, 21)
    const first = await untilOf()
    await advance(8_000)
    await table.lookup('k')
    await table.lookup('other')
    expect(await untilOf()).toBe(first)
    await advance(2_000)
    await table.lookup('k')
    await vi.waitFor(async () => expect(await untilOf()).not.toBe(first))
    expect((await table.lookup('k'))?.expiresAt).toBe(clock.now() + 50_000)
  })

  it('takes another idle timeout: each binding from its next use that is written', async () => {
    const clock = fakeClock()
    const { client, advance } = clockedClient(clientOf('ioredis'), clock)
    const table = redisTable(client, { ...options(), clock, idleTimeoutMs: 40_000 })
    await table.claim('short', 'pod-1')
    table.setIdleTimeout(400_000)
    expect(table.idleTimeoutMs).toBe(400_000)
    await table.claim('new', 'pod-2')
    expect(await table.lookup('short')).toMatchObject({ identity: 'pod-1' })
    await vi.waitFor(async () => {
      const { expiresAt = 0 } = (await table.lookup('short')) ?? {}
      expect(expiresAt - clock.now()).toBeGreaterThan(400_000)
    })
    await advance(399_000)
    expect(await table.lookup('short')).toMatchObject({ identity: 'pod-1' })
    expect(await table.lookup('new')).toMatchObject({ identity: 'pod-2' })
    expect(() => table.setIdleTimeout(1)).toThrow('setIdleTimeout.idleTimeoutMs')
    await table.close()
  })

  it('takes a key of a megabyte as any other', async () => {
    const table = redisTable(clientOf('node-redis'), options())
    const key = 'x'.repeat(1_048_576)
    await table.claim(key, 'pod-1')
    expect(await table.lookup(key)).toMatchObject({ identity: 'pod-1' })
    expect(await table.lookup(`${key}y`)).toBeUndefined()
  })

  it('confirms that an endpoint has no keys left, by one replica at a time, and corrects its count', async () => {
    const pool = { ...options(), countEveryMs: 3_600_000 }
    const [one, other] = [redisTable(clientOf('ioredis'), pool), redisTable(clientOf('node-redis'), pool)]
    for (let i = 0; i < 700; i++) await one.claim(`k-${i}`, `pod-${i % 2}`)
    expect(await other.isUnbound('pod-1')).toBe(false)
    expect(other.countByEndpoint('pod-1')).toBe(350)
    expect(await one.isUnbound('pod-1')).toBe(false)
    await one.releaseEndpoint('pod-0')
    const answers = await Promise.all([one.isUnbound('pod-0'), other.isUnbound('pod-0')])
    expect(answers.filter((isUnbound) => isUnbound)).toHaveLength(1)
    expect(await one.isUnbound('pod-0')).toBe(true)
    expect(await other.isUnbound('pod-0')).toBe(true)
    expect(await one.isUnbound('pod-that-never-was')).toBe(true)
    await Promise.all([one.close(), other.close()])
  })

  it('counts keys by endpoint where it is told to, those of other replicas included', async () => {
    const clock = fakeClock()
    const pool = { ...options(), clock }
    const counting = redisTable(clientOf('ioredis'), {
      ...pool,
      countEveryMs: 30_000,
      countKeysPerSecond: 10_000_000,
    })
    const other = redisTable(clientOf('node-redis'), pool)
    for (let i = 0; i < 1_200; i++) await other.claim(`k-${i}`, `pod-${i % 3}`)
    expect([counting.countByEndpoint('pod-0'), counting.countsAgeMs]).toEqual([0, Number.POSITIVE_INFINITY])
    const counted = async () => {
      clock.advance(1)
      return counting.countsAgeMs < 30_000
    }
    await vi.waitFor(async () => expect(await counted()).toBe(true), { timeout: 20_000, interval: 2 })
    expect(Object.fromEntries(counting.counts())).toEqual({ 'pod-0': 400, 'pod-1': 400, 'pod-2': 400 })
    await counting.claim('mine', 'pod-2')
    await counting.move('mine', (await counting.lookup('mine')) as Binding, 'pod-1')
    await counting.release('k-0')
    expect(Object.fromEntries(counting.counts())).toEqual({ 'pod-0': 399, 'pod-1': 401, 'pod-2': 400 })
    await Promise.all([counting.close(), other.close()])
    expect(clock.pending).toBe(0)
  })
})
