import { Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { channels } from '../../../src/channels.ts'
import type { Invalidations } from '../../../src/table/near/invalidations.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { quiet } from '../../support/redis/open-client.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { openTracking, type TrackingKind } from '../../support/redis/tracking-clients.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** Far above what it takes, for machines that are busy with other work. */
const PATIENT = { timeout: 20_000 }
const KINDS = Object.keys(openTracking) as TrackingKind[]

/** What a listener was told, in order. */
function recorded(invalidations: Invalidations): { told: string[]; stop: () => void } {
  const told: string[] = []
  const stop = invalidations.watch({
    changed: (key) => told.push(`changed ${key}`),
    written: (key) => told.push(`written ${key}`),
    lost: () => told.push('lost'),
    restored: () => told.push('restored'),
  })
  return { told, stop }
}

describeRedis('redisInvalidations by tracking', (program) => {
  let server: RedisServer
  let io: Redis
  let pools = 0
  const pool = () => `p${pools++}`

  beforeAll(async () => {
    server = await redisServer({ program })
    io = quiet(new Redis({ port: server.port }))
  })
  afterAll(async () => {
    io?.disconnect()
    await server?.stop()
  })

  it.each(KINDS)(
    'tells of the writes of a table with an index, by the names of its keys alone, with %s',
    async (kind) => {
      const options = { pool: pool(), keys: 'fingerprint' } as const
      await using client = await openTracking[kind](server.url)
      const invalidations = redisInvalidations(client.subscriber, { ...options, by: 'tracking' })
      const nameOf = invalidations.nameOf as (key: string) => string
      const { told, stop } = recorded(invalidations)
      await vi.waitFor(() => expect(told.splice(0)).toEqual(['restored']), PATIENT)
      await using table = redisTable(io, { ...options, index: true, announce: false, callTimeoutMs: 5_000 })
      const { binding } = await table.claim('a', 'pod-1')
      await vi.waitFor(() => expect(told.splice(0)).toEqual([`written ${nameOf('a')}`]), PATIENT)
      await table.move('a', binding as never, 'pod-2')
      await vi.waitFor(() => expect(told.splice(0)).toEqual([`written ${nameOf('a')}`]), PATIENT)
      expect(await table.releaseEndpoint('pod-2')).toBe(1)
      await vi.waitFor(() => expect(told.splice(0)).toEqual([`written ${nameOf('a')}`]), PATIENT)
      stop()
    },
  )

  it.each(KINDS)('tells of every write, by whomever, and of a flush, with %s', async (kind) => {
    const options = { pool: pool(), keys: 'fingerprint' } as const
    await using client = await openTracking[kind](server.url)
    const invalidations = redisInvalidations(client.subscriber, { ...options, by: 'tracking' })
    const nameOf = invalidations.nameOf as (key: string) => string
    const { told, stop } = recorded(invalidations)
    await vi.waitFor(() => expect(told).toEqual(['restored']), PATIENT)
    const heard = async (...words: string[]) => {
      await vi.waitFor(() => expect(told.splice(0)).toEqual(words), PATIENT)
    }
    told.length = 0
    const table = redisTable(io, { ...options, announce: false, callTimeoutMs: 5_000 })
    const { binding } = await table.claim('a', 'pod-1')
    await heard(`written ${nameOf('a')}`)
    await table.claim('a', 'pod-2')
    await table.lookup('a')
    await table.move('a', binding as never, 'pod-2')
    await heard(`written ${nameOf('a')}`)
    await table.release('a')
    await heard(`written ${nameOf('a')}`)
    await io.set(nameOf('é,'), 'by somebody else')
    await heard(`written ${nameOf('é,')}`)
    await io.set('limpet:another:a', 'of another pool')
    await io.del(nameOf('é,'))
    await heard(`written ${nameOf('é,')}`)
    await io.flushall()
    await heard('changed undefined')
    const indexed = redisTable(io, { ...options, index: true, announce: false, callTimeoutMs: 5_000 })
    await table.close()
    await indexed.claim('i', 'pod-1')
    await heard(`written ${nameOf('i')}`)
    await io.flushall()
    await heard('changed undefined')
    const announcing = redisTable(io, { ...options, callTimeoutMs: 5_000 })
    await announcing.claim('b', 'pod-1')
    await heard(`written ${nameOf('b')}`)
    await announcing.release('b')
    await vi.waitFor(() => expect(told).toHaveLength(2), PATIENT)
    expect(told.toSorted()).toEqual([`changed ${nameOf('b')}`, `written ${nameOf('b')}`])
    stop()
    stop()
    await announcing.claim('c', 'pod-1')
    // Whoever watches next on this connection hears of the next write, and the first one of nothing.
    const next = recorded(invalidations)
    await vi.waitFor(() => expect(next.told).toEqual(['restored']), PATIENT)
    await announcing.release('c')
    await vi.waitFor(() => expect(next.told).toHaveLength(3), PATIENT)
    expect(told).toHaveLength(2)
    next.stop()
    await Promise.all([table.close(), announcing.close()])
  })

  it.each(KINDS)(
    'tracks again after the connection was killed, and says so in between, with %s',
    async (kind) => {
      const options = { pool: pool() }
      await using client = await openTracking[kind](server.url)
      const { told, stop } = recorded(redisInvalidations(client.subscriber, { ...options, by: 'tracking' }))
      for (let round = 0; round < 5; round++) {
        await vi.waitFor(() => expect(told).toEqual(['restored']), PATIENT)
        await io.set(`limpet:${options.pool}:k`, `${round}`)
        await vi.waitFor(() => expect(told.at(-1)).toBe(`written limpet:${options.pool}:k`), PATIENT)
        told.length = 0
        await io.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await vi.waitFor(() => expect(told[0]).toBe('lost'), PATIENT)
        expect(told.splice(0, 1)).toEqual(['lost'])
      }
      stop()
    },
  )

  it.each(KINDS)('says which rights a user lacks, and needs no more than those, with %s', async (kind) => {
    const warnings: string[] = []
    const warned = ({ message }: { message: string }) => warnings.push(message)
    channels.tableWarning.subscribe(warned as never)
    const options = { pool: pool(), by: 'tracking' } as const
    const user = (...rules: string[]) => io.call('ACL', 'SETUSER', 'tracker', 'reset', 'on', '>pw', ...rules)
    const url = `redis://tracker:pw@127.0.0.1:${server.port}`
    const channel = '&limpet~*'
    // Besides what the client itself asks: whether the server is ready.
    await user('+info', '+subscribe', '+unsubscribe', channel)
    if (kind !== 'node-redis RESP3') {
      await using without = await openTracking[kind](url)
      const { told, stop } = recorded(redisInvalidations(without.subscriber, options))
      await vi.waitFor(() => expect(warnings).toHaveLength(1), PATIENT)
      expect(warnings[0]).toMatch(
        /needs the rights client\|tracking, subscribe and unsubscribe, and the channels/,
      )
      expect(told).toEqual([])
      stop()
    }
    await user('+info', '+client|tracking', '+subscribe', '+unsubscribe', channel, '&__redis__:invalidate')
    await using granted = await openTracking[kind](url)
    const { told, stop } = recorded(redisInvalidations(granted.subscriber, options))
    await vi.waitFor(() => expect(told).toEqual(['restored']), PATIENT)
    await io.set(`limpet:${options.pool}:k`, 'v')
    await vi.waitFor(() => expect(told.at(-1)).toBe(`written limpet:${options.pool}:k`), PATIENT)
    stop()
    channels.tableWarning.unsubscribe(warned as never)
  })

  it('does not take a server of a Cluster for all of it', async () => {
    const warnings: string[] = []
    const warned = ({ message }: { message: string }) => warnings.push(message)
    channels.tableWarning.subscribe(warned as never)
    await using node = await redisServer({ program, more: ['cluster-enabled yes'] })
    await using client = await openTracking['node-redis RESP3'](node.url)
    const { told } = recorded(redisInvalidations(client.subscriber, { pool: pool(), by: 'tracking' }))
    await vi.waitFor(() => expect(warnings[0]).toMatch(/a server of a Cluster .* by: 'publish'/), PATIENT)
    expect(told).toEqual([])
    channels.tableWarning.unsubscribe(warned as never)
  })

  it('refuses by name a client that cannot hand on what it is told', async () => {
    const options = { pool: 'a', by: 'tracking' } as const
    const resp3 = new Redis({ lazyConnect: true, protocol: 3 })
    const cluster = createCluster({ rootNodes: [{ url: server.url }] })
    for (const client of [resp3, createClient(), createClient({ RESP: 3 }), cluster]) {
      expect(() => redisInvalidations(client as unknown as RedisSubscriber, options)).toThrow(
        /redisInvalidations\.subscriber.*protocol: 2/,
      )
    }
    expect(() => redisInvalidations(io as RedisSubscriber, { pool: 'a', by: 'guess' as never })).toThrow(
      /redisInvalidations\.by/,
    )
    await using client = await openTracking.ioredis(server.url)
    const stop = redisInvalidations(client.subscriber, options).watch(recordedListener())
    expect(() => redisInvalidations(client.subscriber, options).watch(recordedListener())).toThrow(
      /redisInvalidations\.subscriber.*one near cache alone/,
    )
    stop()
  })
})

const recordedListener = () => ({ changed() {}, lost() {}, restored() {} })
