import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { canConfirm, canCount } from '../../../src/table/capabilities.ts'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import type { IndexedRedisTable } from '../../../src/table/redis/indexed-redis-table.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { tableCapabilitiesConformance } from '../../../src/testing/table-capabilities-conformance.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { type ClientKind, connectedClients, openSingle } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const KINDS: readonly ClientKind[] = ['ioredis', 'iovalkey', 'node-redis', 'node-redis pool', 'valkey-glide']

describeRedis('redisTable with an index', (program) => {
  let server: RedisServer
  let clients: Awaited<ReturnType<typeof connectedClients>>
  let pools = 0
  const clientOf = (kind: ClientKind) => clients.all.get(kind)?.client as RedisClient
  const options = () =>
    ({ pool: `i${pools++}`, callTimeoutMs: 5_000, index: true, indexBuckets: 16 }) as const

  beforeAll(async () => {
    server = await redisServer({ program })
    clients = await connectedClients(server)
  })
  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  for (const kind of KINDS) {
    const create = async (timeouts: { idleTimeoutMs: number; absoluteTimeoutMs?: number }) => {
      const clock = fakeClock()
      const { client, advance } = clockedClient(clientOf(kind), clock)
      const table = redisTable(client, { ...options(), ...timeouts, clock })
      // A round of counts beside what is counted may take a change twice, or not at all, until the next one.
      await table.countsNow()
      return {
        table,
        advance: async (ms: number) => {
          await advance(ms)
          // What Redis has ended meanwhile shows in the counts when they are asked for again.
          await table.countsNow()
        },
        close: () => table.close(),
      }
    }
    const name = `redisTable with an index and ${kind}`
    stickyTableConformance({ registry: { describe, it }, name, deviations: { idleSlack: 0.25 }, create })
    const capabilities = ['EndpointCounts', 'BindingList', 'BulkRelease'] as const
    tableCapabilitiesConformance({ registry: { describe, it }, name, capabilities, create })
  }

  it('counts, lists and releases the keys of one endpoint, whichever replica has bound them', async () => {
    const pool = options()
    const [one, other] = [redisTable(clientOf('ioredis'), pool), redisTable(clientOf('node-redis'), pool)]
    for (let i = 0; i < 300; i++) await (i % 2 ? one : other).claim(`k-${i}`, `pod-${i % 3}`)
    await one.move('k-0', (await one.lookup('k-0')) as Binding, 'pod-1')
    await other.release('k-1')
    expect(await one.countNow('pod-0')).toBe(99)
    expect(Object.fromEntries(await one.countsNow())).toEqual({ 'pod-0': 99, 'pod-1': 100, 'pod-2': 100 })
    expect(Object.fromEntries(await other.countsNow())).toEqual({ 'pod-0': 99, 'pod-1': 100, 'pod-2': 100 })
    const listed = new Set<string | undefined>()
    for await (const { key, binding } of other.list({ identity: 'pod-1' })) {
      expect(binding.identity).toBe('pod-1')
      listed.add(key)
    }
    expect(listed.size).toBe(100)
    expect(listed.has('k-0')).toBe(true)
    expect(await one.releaseEndpoint('pod-1')).toBe(100)
    expect([await one.isUnbound('pod-1'), await other.isUnbound('pod-0')]).toEqual([true, false])
    expect(await other.clear()).toBe(199)
    expect(await one.countsNow()).toEqual(new Map())
    expect(await server.cli('KEYS', `limpet:{${pool.pool}:*~*`)).toBe('')
    await Promise.all([one.close(), other.close()])
  })

  it('has one winner among racing claims and moves of several replicas, and counts it once', async () => {
    const pool = options()
    const tables = KINDS.map((kind) => redisTable(clientOf(kind), pool))
    for (let i = 0; i < 50; i++) {
      const claims = await Promise.all(tables.map((table, index) => table.claim(`k-${i}`, `pod-${index}`)))
      expect(claims.filter(({ created }) => created)).toHaveLength(1)
      const from = claims[0]?.binding as Binding
      const outcomes = await Promise.all([
        ...tables.slice(1).map((table, index) => table.move(`k-${i}`, from, `to-${index}`)),
        i % 2 ? tables[0]?.release(`k-${i}`, from) : undefined,
      ])
      expect(outcomes.filter((outcome) => typeof outcome === 'object' && outcome.moved).length).toBeLessThan(
        2 + (i % 2),
      )
    }
    const [one] = tables as [IndexedRedisTable]
    const found: Record<string, number> = {}
    for await (const { binding } of one.list()) found[binding.identity] = (found[binding.identity] ?? 0) + 1
    expect(Object.values(found).reduce((sum, count) => sum + count, 0)).toBe(50)
    for (const table of tables) {
      expect(Object.fromEntries(await table.countsNow())).toEqual(found)
      await table.close()
    }
  })

  it('keeps a set no longer than what is in it, and clears what has ended away a little at a time', async () => {
    const clock = fakeClock()
    const { client, advance } = clockedClient(clientOf('ioredis'), clock)
    const pool = { ...options(), indexBuckets: 1, idleTimeoutMs: 10_000, clock }
    const table = redisTable(client, pool)
    const set = `limpet:{${pool.pool}:--}~pod-1`
    for (let i = 0; i < 10; i++) await table.claim(`old-${i}`, 'pod-1')
    await advance(20_000)
    expect(await server.cli('ZCARD', set)).toBe('10')
    await table.claim('new', 'pod-1')
    expect(await server.cli('ZCARD', set)).toBe('9')
    expect(await table.countNow('pod-1')).toBe(1)
    expect(await server.cli('ZCARD', set)).toBe('1')
    expect(Number(await server.cli('PEXPIRETIME', set))).toBeGreaterThan(0)
    await table.close()
  })

  it('is right again after FLUSHALL, and puts right what was ended before its time', async () => {
    const pool = { ...options(), indexBuckets: 4 }
    const table = redisTable(clientOf('ioredis'), pool)
    for (let i = 0; i < 40; i++) await table.claim(`k-${i}`, 'pod-1')
    // As eviction would: some bindings, and one of the sets.
    const names = (await server.cli('KEYS', `limpet:{${pool.pool}:--}:*`)).split('\n')
    const [lost, ...rest] = names
    await server.cli('DEL', lost as string)
    expect(await table.countNow('pod-1')).toBe(40)
    const listed = []
    for await (const { key } of table.list({ identity: 'pod-1' })) listed.push(key)
    expect(listed).toHaveLength(39)
    await server.cli('DEL', `limpet:{${pool.pool}:--}~pod-1`)
    expect(await table.countNow('pod-1')).toBe(40 - names.length)
    expect(await table.reindex()).toBe(rest.length)
    expect(await table.countNow('pod-1')).toBe(39)
    await server.cli('DEL', rest[0] as string)
    expect(await table.reindex()).toBe(1)
    expect(await table.countNow('pod-1')).toBe(38)
    await server.cli('FLUSHALL')
    expect(await table.countNow('pod-1')).toBe(0)
    await table.claim('k', 'pod-2')
    expect(Object.fromEntries(await table.countsNow())).toEqual({ 'pod-2': 1 })
    await table.close()
  })

  it('confirms by a walk that an endpoint has no keys where the server may have evicted a set', async () => {
    await using evicting = await redisServer({ program })
    await evicting.cli('CONFIG', 'SET', 'maxmemory', '100mb')
    await evicting.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await using open = await openSingle.ioredis(evicting)
    const pool = { ...options(), indexBuckets: 1 }
    await using table = redisTable(open.client as RedisClient, pool)
    await table.claim('k', 'pod-1')
    await evicting.cli('DEL', `limpet:{${pool.pool}:--}~pod-1`)
    expect(await table.countNow('pod-1')).toBe(0)
    await vi.waitFor(async () => expect(await table.isUnbound('pod-1')).toBe(false))
    expect(await table.isUnbound('pod-2')).toBe(true)
  })

  it.each([
    [{}, /got no index here and an index of 16 buckets in another/],
    [
      { index: true, indexBuckets: 32 },
      /got an index of 32 buckets here and an index of 16 buckets in another/,
    ],
  ] as const)(
    'refuses a replica with %j while others are there, and none of their own kind',
    async (others, message) => {
      const pool = options()
      const one = redisTable(clientOf('ioredis'), pool)
      await one.claim('k', 'pod-1')
      const { index: _, indexBuckets: __, ...rest } = pool
      const other = redisTable(clientOf('node-redis'), { ...rest, ...others })
      const refusal = { code: 'invalid-option', message: expect.stringMatching(message) }
      await expect(other.claim('k', 'pod-2')).rejects.toMatchObject(refusal)
      await expect(other.lookup('k')).rejects.toMatchObject(refusal)
      await expect(other.clear()).rejects.toMatchObject(refusal)
      await expect(other.release('k')).rejects.toMatchObject(refusal)
      const same = redisTable(clientOf('node-redis'), pool)
      expect((await same.lookup('k'))?.identity).toBe('pod-1')
      await Promise.all([one.close(), other.close(), same.close()])
    },
  )

  it('tells near caches of moved and released keys, whether these know of the index or not', async () => {
    const { index, indexBuckets, ...named } = options()
    const pool = { ...named, index, indexBuckets }
    const open = await openSingle.ioredis(server)
    const near = nearCache(redisTable(clientOf('ioredis'), pool), {
      invalidations: redisInvalidations(open.client as RedisSubscriber, named),
    })
    const table = redisTable(clientOf('node-redis'), pool)
    const { binding } = await table.claim('k', 'pod-1')
    await near.lookup('k')
    await table.move('k', binding as Binding, 'pod-2')
    await vi.waitFor(async () => expect((await near.lookup('k'))?.identity).toBe('pod-2'))
    expect(canCount(near) && canConfirm(near)).toBe(true)
    await table.releaseEndpoint('pod-2')
    await vi.waitFor(async () => expect(await near.lookup('k')).toBeUndefined())
    await Promise.all([near.close(), table.close()])
    open.close()
  })
})
