import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Invalidations } from '../../../src/table/near/invalidations.ts'
import { type NearCache, nearCache } from '../../../src/table/near/near-cache.ts'
import { redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import type { RedisTable } from '../../../src/table/redis/redis-sticky-table.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { quiet } from '../../support/redis/open-client.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { openTracking, type TrackingKind } from '../../support/redis/tracking-clients.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const PATIENT = { timeout: 20_000, interval: 1 }
const KINDS = Object.keys(openTracking) as TrackingKind[]
/** The goal of the time until another replica's near cache knows, in milliseconds. */
const GOAL_MS = 50

/** A replica whose near cache is told by tracking alone, and another one that announces nothing. */
interface Replicas extends AsyncDisposable {
  readonly pool: string
  readonly near: NearCache
  readonly other: RedisTable
}

describeRedis('a near cache told by tracking', (program) => {
  let server: RedisServer
  let io: Redis
  let pools = 0

  beforeAll(async () => {
    server = await redisServer({ program })
    io = quiet(new Redis({ port: server.port }))
  })
  afterAll(async () => {
    io?.disconnect()
    await server?.stop()
  })

  async function replicas(
    kind: TrackingKind,
    client = io,
    url = server.url,
    altered: (source: Invalidations) => Invalidations = (source) => source,
  ): Promise<Replicas> {
    const pool = `p${pools++}`
    const options = { pool, announce: false, callTimeoutMs: 10_000 }
    const tracking = await openTracking[kind](url)
    const other = redisTable(client, options)
    const own = redisTable(client, options)
    const near = nearCache(own, {
      invalidations: altered(redisInvalidations(tracking.subscriber, { pool, by: 'tracking' })),
      maxWatchedAgeMs: Number.POSITIVE_INFINITY,
    })
    await vi.waitFor(() => expect(near.stats().isWatched).toBe(true), PATIENT)
    const close = async () => {
      await Promise.all([near.close(), own.close(), other.close()])
      await tracking[Symbol.asyncDispose]()
    }
    return { pool, near, other, [Symbol.asyncDispose]: close }
  }

  /** Milliseconds until the near cache answers for a key what stands, or nothing. */
  async function delay(near: NearCache, key: string, identity: string | undefined): Promise<number> {
    const from = performance.now()
    while ((await near.lookup(key))?.identity !== identity) {
      if (performance.now() - from > 20_000) return Number.POSITIVE_INFINITY
      await new Promise((resolve) => setImmediate(resolve))
    }
    return performance.now() - from
  }

  it.each(KINDS)('knows within 50 ms of a move, a release, a DEL and a FLUSHALL, with %s', async (kind) => {
    await using all = await replicas(kind)
    const { near, other, pool } = all
    const acts = {
      move: async (key: string, binding: Binding) => void (await other.move(key, binding, 'pod-2')),
      release: async (key: string) => void (await other.release(key)),
      del: async (key: string) => void (await io.del(`limpet:${pool}:${key}`)),
      flush: async () => void (await io.flushall()),
    }
    for (const [name, act] of Object.entries(acts)) {
      const delays: number[] = []
      for (let round = 0; round < 15; round++) {
        const key = `${name}-${round}`
        await other.claim(key, 'pod-1')
        const binding = (await near.lookup(key)) as Binding
        expect(binding.identity).toBe('pod-1')
        await act(key, binding)
        delays.push(await delay(near, key, name === 'move' ? 'pod-2' : undefined))
      }
      const median = delays.toSorted((one, more) => one - more)[7]
      expect(median, name).toBeLessThan(GOAL_MS)
    }
  })

  it('knows of a binding that Redis evicts', async () => {
    await using full = await redisServer({ program, maxmemory: '3mb', policy: 'allkeys-lru' })
    const client = quiet(new Redis({ port: full.port }))
    await using all = await replicas('ioredis', client, full.url)
    const { near, other, pool } = all
    for (let round = 0; round < 5; round++) {
      const key = `k-${round}`
      await other.claim(key, 'pod-1')
      expect(await near.lookup(key)).toMatchObject({ identity: 'pod-1' })
      for (let filler = 0; await client.exists(`limpet:${pool}:${key}`); filler++)
        await client.set(`filler:${round}:${filler}`, 'x'.repeat(100_000))
      expect(await delay(near, key, undefined)).toBeLessThan(20_000)
    }
    client.disconnect()
  })

  it.each(KINDS)(
    'keeps what its own replica claims, and asks for it no second time, with %s',
    async (kind) => {
      await using all = await replicas(kind)
      const { near, other } = all
      const heard = async (key: string) => {
        const before = near.stats().invalidated
        await other.claim(key, 'pod-1')
        await vi.waitFor(() => expect(near.stats().invalidated).toBeGreaterThan(before), PATIENT)
      }
      await heard('first')
      const keys = Array.from({ length: 100 }, (_, index) => `k-${index}`)
      await Promise.all(keys.map((key) => near.claim(key, 'pod-1')))
      await heard('last')
      const before = near.stats()
      for (const key of keys) expect(near.lookup(key)).toMatchObject({ identity: 'pod-1' })
      expect(near.stats().asked).toBe(before.asked)
    },
  )

  it.each(KINDS)(
    'serves nothing out of date for long when connections are killed in mid-traffic, with %s',
    async (kind) => {
      await using all = await replicas(kind)
      const { near, other } = all
      const keys = Array.from({ length: 20 }, (_, index) => `k-${index}`)
      let isMoving = true
      let reads = 0
      const reader = (async () => {
        while (isMoving) {
          for (const key of keys) await near.lookup(key)
          reads += keys.length
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      const standing = new Map<string, Binding>()
      for (let round = 0; round < 30; round++) {
        if (round % 3 === 1) await io.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await Promise.all(
          keys.map(async (key) => {
            const from = standing.get(key)
            const { binding } = from
              ? await other.move(key, from, `pod-${round}`)
              : await other.claim(key, 'pod-0')
            standing.set(key, binding as Binding)
          }),
        )
      }
      isMoving = false
      await reader
      expect(reads).toBeGreaterThanOrEqual(keys.length)
      await vi.waitFor(() => expect(near.stats().isWatched).toBe(true), PATIENT)
      for (const key of keys) {
        const { identity } = standing.get(key) as Binding
        expect(await delay(near, key, identity), key).toBeLessThan(20_000)
      }
      const key = keys[0] as string
      await other.move(key, standing.get(key) as Binding, 'afterwards')
      expect(await delay(near, key, 'afterwards')).toBeLessThan(20_000)
    },
  )

  it('would be found out if it ignored what it is told', async () => {
    let heard = 0
    const ignored = (source: Invalidations): Invalidations => ({
      ...source,
      watch: ({ lost, restored }) => source.watch({ lost, restored, changed: () => heard++ }),
    })
    await using all = await replicas('node-redis RESP3', io, server.url, ignored)
    const { near, other } = all
    const { binding } = await other.claim('a', 'pod-1')
    await near.lookup('a')
    await other.move('a', binding as Binding, 'pod-2')
    await vi.waitFor(() => expect(heard).toBeGreaterThanOrEqual(2), PATIENT)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
  })
})
