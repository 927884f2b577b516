import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { IndexedRedisTable } from '../../../src/table/redis/indexed-redis-table.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { connectedClients } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const IDLE = 1_000
const ABSOLUTE = 4_000
const PODS = ['pod-0', 'pod-1', 'pod-2']

type Step =
  | { readonly does: 'claim' | 'lookup' | 'touch' | 'release'; readonly key: number; readonly pod: number }
  | { readonly does: 'move'; readonly key: number; readonly pod: number }
  | { readonly does: 'releaseEndpoint'; readonly pod: number }
  | { readonly does: 'advance'; readonly ms: number }

const key = fc.nat(11)
const pod = fc.nat(PODS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('claim' as const), key, pod }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('move' as const), key, pod }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('lookup', 'touch', 'release'), key, pod }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('releaseEndpoint' as const), pod }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 249, 251, 700, 1_300),
    }),
  },
)
/** What is done, by which of the tables, and together with how many others. */
const history = fc.array(fc.record({ step, table: fc.nat(2), together: fc.nat(3) }), { maxLength: 40 })

/** What a walk over the whole table finds. */
async function walked(table: IndexedRedisTable): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for await (const { binding } of table.list()) counts[binding.identity] = (counts[binding.identity] ?? 0) + 1
  return counts
}

async function take(table: IndexedRedisTable, step: Exclude<Step, { does: 'advance' }>): Promise<void> {
  const to = PODS[step.pod] as string
  if (step.does === 'releaseEndpoint') {
    await table.releaseEndpoint(to)
    return
  }
  const name = `key-${step.key}`
  if (step.does === 'claim') await table.claim(name, to)
  else if (step.does === 'lookup') await table.lookup(name)
  else if (step.does === 'release') await table.release(name)
  else {
    const binding = await table.lookup(name)
    if (binding === undefined) return
    if (step.does === 'touch') await table.touch(name, binding)
    else await table.move(name, binding, to)
  }
}

describeRedis('redisTable with an index, after any history', (program) => {
  let server: RedisServer
  let clients: Awaited<ReturnType<typeof connectedClients>>
  let pools = 0

  beforeAll(async () => {
    server = await redisServer({ program })
    clients = await connectedClients(server)
  })
  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  const clientOf = (kind: 'ioredis' | 'node-redis') => clients.all.get(kind)?.client as RedisClient

  it('counts and lists of each endpoint exactly what a walk over everything finds, for every table on one Redis', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const clock = fakeClock()
        const pool = {
          pool: `law${pools++}`,
          callTimeoutMs: 5_000,
          idleTimeoutMs: IDLE,
          absoluteTimeoutMs: ABSOLUTE,
          clock,
          index: true,
          indexBuckets: 4,
        } as const
        // Two replicas of one pool by different clients, and a pool of its own beside them.
        const rigs = [
          clockedClient(clientOf('ioredis'), clock),
          clockedClient(clientOf('node-redis'), clock),
        ] as const
        const [one, other] = [redisTable(rigs[0].client, pool), redisTable(rigs[1].client, pool)]
        const apart = redisTable(rigs[0].client, { ...pool, pool: `${pool.pool}-apart`, keys: 'fingerprint' })
        const tables = [one, other, apart] as const
        const underWay = new Set<Promise<void>>()
        for (const { step, table, together } of steps) {
          if (underWay.size > together || step.does === 'advance') {
            await Promise.all(underWay)
            underWay.clear()
          }
          if (step.does === 'advance') {
            await rigs[1].settled()
            await rigs[0].advance(step.ms)
            await rigs[1].advance(0)
          } else underWay.add(take(tables[table] as IndexedRedisTable, step))
        }
        await Promise.all(underWay)
        await Promise.all(rigs.map((rig) => rig.settled()))
        for (const table of tables) {
          const found = await walked(table)
          expect(Object.fromEntries(await table.countsNow())).toEqual(found)
          for (const identity of PODS) {
            const expected = found[identity] ?? 0
            expect(await table.countNow(identity)).toBe(expected)
            expect(await table.isUnbound(identity)).toBe(expected === 0)
            const listed = new Map<string, Binding>()
            for await (const { fingerprint, binding } of table.list({ identity })) {
              expect(binding.identity).toBe(identity)
              listed.set(fingerprint, binding)
            }
            expect(listed.size).toBe(expected)
          }
          expect(await table.reindex()).toBe(0)
        }
        const [firstPod = ''] = PODS
        const before = await one.countNow(firstPod)
        expect(await other.releaseEndpoint(firstPod)).toBe(before)
        expect(await one.countNow(firstPod)).toBe(0)
        for (const table of tables) await table.close()
      }),
      { numRuns: 60 },
    )
  })
})
