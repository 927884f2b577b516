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
})
