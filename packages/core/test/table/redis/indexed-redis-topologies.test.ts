import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { IndexedRedisTable } from '../../../src/table/redis/indexed-redis-table.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { tableCapabilitiesConformance } from '../../../src/testing/table-capabilities-conformance.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { type RedisCluster, redisCluster } from '../../support/redis/cluster.ts'
import { type ClusterClientKind, clusterClients } from '../../support/redis/cluster-clients.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { redisSentinel } from '../../support/redis/sentinel.ts'
import { sentinelClients } from '../../support/redis/sentinel-clients.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const KINDS: readonly ClusterClientKind[] = ['ioredis', 'iovalkey', 'node-redis', 'valkey-glide']
const PATIENT = { timeout: 60_000, interval: 10 }

/** What a walk over the whole table finds. */
async function walked(table: IndexedRedisTable): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for await (const { binding } of table.list()) counts[binding.identity] = (counts[binding.identity] ?? 0) + 1
  return counts
}

describeRedis('redisTable with an index on a Cluster of three masters', (program) => {
  let cluster: RedisCluster
  let clients: Awaited<ReturnType<typeof clusterClients>>
  let pools = 0
  const clientOf = (kind: ClusterClientKind) => clients.all.get(kind)?.client as RedisClient

  beforeAll(async () => {
    cluster = await redisCluster({ program, masters: 3 })
    clients = await clusterClients(cluster)
  })
  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]()
    await cluster?.stop()
  })

  for (const kind of KINDS) {
    const create = async (timeouts: { idleTimeoutMs: number; absoluteTimeoutMs?: number }) => {
      const clock = fakeClock()
      const { client, advance } = clockedClient(clientOf(kind), clock)
      const pool = { pool: `ci${pools++}`, callTimeoutMs: 5_000, clock, ...timeouts }
      const table = redisTable(client, { ...pool, index: true, indexBuckets: 16 })
      await table.countsNow()
      return {
        table,
        advance: async (ms: number) => {
          await advance(ms)
          await table.countsNow()
        },
        close: () => table.close(),
      }
    }
    const registry = { describe, it }
    const name = `redisTable with an index and ${kind}`
    stickyTableConformance({ registry, name, deviations: { idleSlack: 0.25 }, create })
    // One server of several is all that this client lists.
    const lists = kind === 'valkey-glide' ? [] : (['BindingList', 'BulkRelease'] as const)
    if (lists.length > 0) {
      const capabilities = ['EndpointCounts', ...lists] as const
      tableCapabilitiesConformance({ registry, name, capabilities, create })
    }
  }

  it('keeps index and bindings together while slots move under claims, moves and releases', async () => {
    const pool = { pool: `ci${pools++}`, index: true, callTimeoutMs: 2_000, maxFailures: 1_000 } as const
    const tables = KINDS.map((kind) => redisTable(clientOf(kind), pool))
    const [first, second, third] = cluster.nodes
    let isMoving = true
    const moving = (async () => {
      await cluster.reshard(first as never, second as never, 1_000)
      await cluster.reshard(third as never, first as never, 1_000)
      isMoving = false
    })()
    const expected = new Map<string, string>()
    for (let i = 0; isMoving || i < 300; i++) {
      const key = `session-${i}`
      // Each key is claimed by all at once, then by one moved, or released.
      const claims = await Promise.all(
        tables.map((table, index) => vi.waitFor(() => table.claim(key, `pod-${index}`), PATIENT)),
      )
      const identities = new Set(claims.map(({ binding }) => binding?.identity))
      expect(identities.size, key).toBe(1)
      const table = tables[i % tables.length] as IndexedRedisTable
      if (i % 3 === 0) {
        await vi.waitFor(() => table.release(key), PATIENT)
      } else if (i % 3 === 1) {
        await vi.waitFor(async () => {
          const binding = await table.lookup(key)
          const { binding: after } = await table.move(key, binding as NonNullable<typeof binding>, 'pod-9')
          expect(after?.identity).toBe('pod-9')
        }, PATIENT)
        expected.set(key, 'pod-9')
      } else expected.set(key, [...identities][0] as string)
      if (i >= 3_000) break
    }
    await moving
    const counts: Record<string, number> = {}
    for (const identity of expected.values()) counts[identity] = (counts[identity] ?? 0) + 1
    for (const table of tables) {
      expect(Object.fromEntries(await vi.waitFor(() => table.countsNow(), PATIENT))).toEqual(counts)
      const keys = new Set<string>()
      for await (const { key, binding } of table.list({ identity: 'pod-9' })) {
        expect(binding.identity).toBe('pod-9')
        keys.add(key as string)
      }
      expect([...keys].sort()).toEqual(
        [...expected.keys()].filter((key) => expected.get(key) === 'pod-9').sort(),
      )
    }
    const [one] = tables as [IndexedRedisTable]
    expect(await walked(one)).toEqual(counts)
    expect(await one.reindex()).toBe(0)
    expect(await one.releaseEndpoint('pod-9')).toBe(counts['pod-9'])
    for (const table of tables) {
      expect(await table.isUnbound('pod-9')).toBe(true)
      await table.close()
    }
  })

  it('waits for a bucket whose slot is on its way', async () => {
    const pool = { pool: `ci${pools++}`, index: true, indexBuckets: 1, callTimeoutMs: 20_000 } as const
    const given = clientOf('node-redis') as { evalSha(...args: unknown[]): Promise<unknown> }
    let told: (() => void) | undefined
    const isTold = new Promise<void>((resolve) => {
      told = resolve
    })
    const client = new Proxy(given, {
      get: (target, property) => {
        const value = Reflect.get(target, property) as (...args: unknown[]) => unknown
        if (property !== 'evalSha') return typeof value === 'function' ? value.bind(target) : value
        return (...args: unknown[]) =>
          target.evalSha(...args).catch((error: Error) => {
            if (error.message.startsWith('TRYAGAIN')) told?.()
            throw error
          })
      },
    })
    const table = redisTable(client as unknown as RedisClient, pool)
    await table.claim('before', 'pod-1')
    const slot = await cluster.slotOf(`limpet:{${pool.pool}:--}:before`)
    const owner = await cluster.ownerOf(slot)
    const to = cluster.nodes.find((node) => node !== owner) as typeof owner
    let claim: unknown
    await cluster.reshard(owner, to, [slot], async () => {
      claim = table.claim('meanwhile', 'pod-1')
      await isTold
      expect(await table.lookup('before')).toMatchObject({ identity: 'pod-1' })
    })
    expect(await claim).toMatchObject({ created: true })
    expect(await table.countNow('pod-1')).toBe(2)
    await table.close()
  })

  it('spreads its buckets over the masters', async () => {
    const table = redisTable(clientOf('ioredis'), { pool: `ci${pools++}`, index: true, callTimeoutMs: 5_000 })
    const before = await Promise.all(cluster.nodes.map((node) => node.call('DBSIZE')))
    await Promise.all(Array.from({ length: 1_500 }, (_, i) => table.claim(`k-${i}`, 'pod-1')))
    const after = await Promise.all(cluster.nodes.map((node) => node.call('DBSIZE')))
    for (const [node, size] of after.entries())
      expect(Number(size) - Number(before[node])).toBeGreaterThan(150)
    await table.clear()
    await table.close()
  })
})

describeRedis('redisTable with an index behind Sentinel', (program) => {
  it('has an index that fits the bindings after a fail-over', async () => {
    await using sentinel = await redisSentinel({ program })
    await using clients = await sentinelClients(sentinel)
    const tables = [...clients.all.values()].map(({ client }) =>
      redisTable(client as RedisClient, {
        pool: 's',
        index: true,
        indexBuckets: 16,
        callTimeoutMs: 500,
        probeMs: 50,
      }),
    )
    const [one] = tables as [IndexedRedisTable]
    for (let i = 0; i < 200; i++) {
      const table = tables[i % tables.length] as IndexedRedisTable
      await vi.waitFor(() => table.claim(`session-${i}`, `pod-${i % 3}`), PATIENT)
    }
    // Killed at once: the replica has what had come to it by then, of bindings and index alike.
    await sentinel.failover('kill')
    await vi.waitFor(() => one.claim('new', 'pod-0'), PATIENT)
    const found = await vi.waitFor(() => walked(one), PATIENT)
    for (const table of tables) {
      const counts = await vi.waitFor(() => table.countsNow(), PATIENT)
      expect(Object.fromEntries(counts)).toEqual(found)
      await table.close()
    }
  })
})
