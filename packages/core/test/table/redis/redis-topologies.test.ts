import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import type { RedisTable } from '../../../src/table/redis/redis-sticky-table.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { type RedisCluster, redisCluster } from '../../support/redis/cluster.ts'
import { type ClusterClientKind, clusterClients } from '../../support/redis/cluster-clients.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { redisSentinel } from '../../support/redis/sentinel.ts'
import { sentinelClients } from '../../support/redis/sentinel-clients.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const KINDS: readonly ClusterClientKind[] = ['ioredis', 'iovalkey', 'node-redis', 'valkey-glide']

/** Claims each key by every table at once, again where Redis could not be asked; gives the winners. */
async function claimAll(
  tables: readonly RedisTable[],
  keys: readonly string[],
): Promise<Map<string, string>> {
  const winners = new Map<string, string>()
  for (const key of keys) {
    const claims = await Promise.all(
      tables.map((table, index) =>
        vi.waitFor(() => table.claim(key, `pod-${index}`), { timeout: 30_000, interval: 10 }),
      ),
    )
    const identities = new Set(claims.map(({ binding }) => binding?.identity as string))
    expect(identities.size, key).toBe(1)
    winners.set(key, [...identities][0] as string)
  }
  return winners
}

describeRedis('redisTable on a Cluster of three masters', (program) => {
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
    stickyTableConformance({
      registry: { describe, it },
      name: `redisTable with ${kind}`,
      deviations: { idleSlack: 0.25 },
      create: (timeouts) => {
        const clock = fakeClock()
        const { client, advance } = clockedClient(clientOf(kind), clock)
        const table = redisTable(client, { pool: `c${pools++}`, callTimeoutMs: 5_000, clock, ...timeouts })
        return { table, advance, close: () => table.close() }
      },
    })
  }

  it('has one winner for each key while slots move under the claims, and loses none', async () => {
    const pool = `c${pools++}`
    const tables = KINDS.map((kind) =>
      redisTable(clientOf(kind), { pool, callTimeoutMs: 2_000, maxFailures: 1_000 }),
    )
    const keys = Array.from({ length: 400 }, (_, index) => `session-${index}`)
    const [first, second, third] = cluster.nodes
    const before = await claimAll(tables, keys.slice(0, 200))
    const moving = (async () => {
      await cluster.reshard(first as never, second as never, 1_000)
      await cluster.reshard(third as never, first as never, 1_000)
    })()
    const during = await claimAll(tables, keys.slice(200))
    await moving
    for (const [key, identity] of [...before, ...during]) {
      for (const table of tables) expect((await table.lookup(key))?.identity).toBe(identity)
    }
    for (const table of tables.slice(0, 3)) {
      let listed = 0
      for await (const { key, binding } of table.list()) {
        listed++
        expect(binding.identity).toBe(before.get(key as string) ?? during.get(key as string))
      }
      expect(listed).toBe(keys.length)
    }
    expect(await tables[0]?.clear()).toBe(keys.length)
    for (const table of tables) await table.close()
  })
})

describeRedis('redisTable behind Sentinel', (program) => {
  it('goes on with the promoted replica, which has every binding that was copied to it', async () => {
    await using sentinel = await redisSentinel({ program })
    await using clients = await sentinelClients(sentinel)
    const tables = [...clients.all.values()].map(({ client }) =>
      redisTable(client as RedisClient, { pool: 's', callTimeoutMs: 500, probeMs: 50 }),
    )
    const keys = Array.from({ length: 100 }, (_, index) => `session-${index}`)
    const winners = await claimAll(tables, keys)
    for (const server of sentinel.servers) {
      // Besides the bindings, what the replicas agree on.
      await vi.waitFor(async () => expect(await server.cli('DBSIZE')).toBe(String(keys.length + 1)), {
        timeout: 30_000,
      })
    }
    await sentinel.failover('kill')
    for (const table of tables) {
      for (const key of keys) {
        const binding = await vi.waitFor(() => table.lookup(key), { timeout: 60_000, interval: 20 })
        expect(binding?.identity).toBe(winners.get(key))
      }
    }
    await claimAll(tables, ['new-1', 'new-2'])
    for (const table of tables) await table.close()
  })
})
