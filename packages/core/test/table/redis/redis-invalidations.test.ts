import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Invalidations } from '../../../src/table/near/invalidations.ts'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { type TcpFaultProxy, tcpFaultProxy } from '../../support/redis/fault-proxy.ts'
import { quiet } from '../../support/redis/open-client.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** Far above what it takes, for machines that are busy with other work. */
const PATIENT = { timeout: 20_000 }

describeRedis('redisInvalidations', (program) => {
  let server: RedisServer
  let io: Redis
  let pools = 0

  beforeAll(async () => {
    server = await redisServer({ program })
    io = new Redis({ port: server.port })
  })
  afterAll(async () => {
    io?.disconnect()
    await server?.stop()
  })

  const subscribers = {
    ioredis: async (port: number) => {
      const client = quiet(new Redis({ port, autoResubscribe: false, retryStrategy: () => 20 }))
      return { subscriber: client as RedisSubscriber, close: () => client.disconnect() }
    },
    'node-redis': async (port: number) => {
      const client = quiet(
        createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: () => 20 } }),
      )
      await client.connect()
      return { subscriber: client as RedisSubscriber, close: () => client.destroy() }
    },
  }

  /** What a listener was told, in order. */
  function recorded(invalidations: Invalidations): { told: string[]; stop: () => void } {
    const told: string[] = []
    const stop = invalidations.watch({
      changed: (key) => told.push(`changed ${key}`),
      lost: () => told.push('lost'),
      restored: () => told.push('restored'),
    })
    return { told, stop }
  }

  for (const [kind, open] of Object.entries(subscribers)) {
    it(`tells of moves and releases by other replicas, and of nothing else, with ${kind}`, async () => {
      const options = { pool: `p${pools++}` }
      const { subscriber, close } = await open(server.port)
      const invalidations = redisInvalidations(subscriber, options)
      const { told, stop } = recorded(invalidations)
      await vi.waitFor(() => expect(told).toContain('restored'), PATIENT)
      told.length = 0
      const table = redisTable(io, { ...options, callTimeoutMs: 5_000 })
      const { binding } = await table.claim('moved', 'pod-1')
      await table.claim('released', 'pod-1')
      await table.claim('kept', 'pod-1')
      await table.lookup('kept')
      await table.move('moved', binding as Binding, 'pod-2')
      await table.move('moved', binding as Binding, 'pod-3')
      await table.release('released')
      await vi.waitFor(() => expect(told).toHaveLength(2), PATIENT)
      expect(told).toEqual([
        `changed ${invalidations.nameOf?.('moved')}`,
        `changed ${invalidations.nameOf?.('released')}`,
      ])
      stop()
      await table.clear()
      close()
      await table.close()
      expect(told).toHaveLength(2)
    })

    it(`leaves nothing at the subscriber that is stopped, and does not disturb another, with ${kind}`, async () => {
      const options = { pool: `p${pools++}` }
      const { subscriber, close } = await open(server.port)
      const events = subscriber as unknown as { listenerCount(event: string): number }
      const counts = () => ['message', 'ready', 'close', 'end'].map((event) => events.listenerCount(event))
      const before = counts()
      const stayed = recorded(redisInvalidations(subscriber, options))
      const withOne = counts()
      for (let time = 0; time < 20; time++) recorded(redisInvalidations(subscriber, options)).stop()
      expect(counts()).toEqual(withOne)
      const table = redisTable(io, { ...options, callTimeoutMs: 5_000 })
      await vi.waitFor(async () => {
        await table.claim('k', 'pod-1')
        await table.release('k')
        expect(stayed.told.at(-1)).toMatch(/^changed .*:k$/)
      }, PATIENT)
      stayed.stop()
      expect(counts()).toEqual(before)
      close()
      await table.close()
    })

    it(`says when the connection is lost, and when it is back and every change is told again, with ${kind}`, async () => {
      await using proxy: TcpFaultProxy = await tcpFaultProxy(server.port)
      const options = { pool: `p${pools++}` }
      const { subscriber, close } = await open(proxy.port)
      const { told } = recorded(redisInvalidations(subscriber, options))
      await vi.waitFor(() => expect(told).toContain('restored'), PATIENT)
      told.length = 0
      await proxy.set({ kind: 'refuse' })
      proxy.cut()
      await vi.waitFor(() => expect(told).toContain('lost'), PATIENT)
      expect(told).not.toContain('restored')
      await proxy.set({ kind: 'pass' })
      await vi.waitFor(() => expect(told.at(-1)).toBe('restored'), PATIENT)
      const table = redisTable(io, { ...options, callTimeoutMs: 5_000 })
      await table.claim('k', 'pod-1')
      await table.release('k')
      await vi.waitFor(() => expect(told.at(-1)).toMatch(/^changed .*:k$/), PATIENT)
      close()
      await table.close()
    })
  }

  it('reaches the near caches of other replicas', async () => {
    const options = { pool: `p${pools++}`, keys: 'fingerprint', callTimeoutMs: 5_000 } as const
    const { subscriber, close } = await subscribers['node-redis'](server.port)
    const table = redisTable(io, options)
    const other = redisTable(io, options)
    let isWatched = false
    const invalidations = redisInvalidations(subscriber, { pool: options.pool, keys: options.keys })
    const near = nearCache(other, {
      invalidations: {
        ...invalidations,
        watch: (listener) =>
          invalidations.watch({
            changed: (key) => listener.changed(key),
            lost: () => listener.lost(),
            restored: () => {
              listener.restored()
              isWatched = true
            },
          }),
      },
    })
    await vi.waitFor(() => expect(isWatched).toBe(true), PATIENT)
    for (let i = 0; i < 21; i++) {
      const { binding } = await table.claim(`k-${i}`, 'pod-1')
      expect((await near.lookup(`k-${i}`))?.identity).toBe('pod-1')
      await table.move(`k-${i}`, binding as Binding, 'pod-2')
      await vi.waitFor(async () => expect((await near.lookup(`k-${i}`))?.identity).toBe('pod-2'), {
        ...PATIENT,
        interval: 1,
      })
    }
    await near.close()
    close()
    await Promise.all([table.close(), other.close()])
  })

  it('refuses what is no subscriber by name', () => {
    expect(() => redisInvalidations({} as RedisSubscriber, { pool: 'a' })).toThrow(
      /redisInvalidations\.subscriber/,
    )
    expect(() => redisInvalidations(io as RedisSubscriber, { pool: 'a:b' })).toThrow(
      /redisInvalidations\.pool/,
    )
  })
})
