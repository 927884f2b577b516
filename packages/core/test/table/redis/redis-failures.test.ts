import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { tcpFaultProxy } from '../../support/redis/fault-proxy.ts'
import { redisServer } from '../../support/redis/server.ts'
import type { RedisServerOptions } from '../../support/redis/server-config.ts'
import { type ClientKind, connectedClients, openSingle } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** Far above what it takes, for machines that are busy with other work. */
const PATIENT = { timeout: 20_000 }
const options = { pool: 'p', callTimeoutMs: 2_000 }
const KINDS: readonly ClientKind[] = ['ioredis', 'node-redis', 'valkey-glide']

const told: string[] = []
const tell = (message: unknown) => told.push((message as { state: string }).state)
subscribe('limpet:table:state', tell)
afterEach(() => {
  told.length = 0
})
afterAll(() => {
  unsubscribe('limpet:table:state', tell)
})

/** What a call answers, or what it fails with. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

describeRedis('redisTable, when Redis', (program) => {
  const started = (more: RedisServerOptions = {}) => redisServer({ program, ...more })

  it('has forgotten the scripts, sends them again', async () => {
    await using server = await started()
    await using clients = await connectedClients(server)
    for (const kind of KINDS) {
      await using table = redisTable(clients.all.get(kind)?.client as RedisClient, { ...options, pool: 'f' })
      const { binding } = await table.claim(kind, 'pod-1')
      await server.cli('SCRIPT', 'FLUSH')
      expect(await table.move(kind, binding as Binding, 'pod-2')).toMatchObject({ moved: true })
      await server.cli('SCRIPT', 'FLUSH')
      expect(await table.release(kind)).toBe(true)
    }
  })

  it('denies rights, names what is needed', async () => {
    await using server = await started({
      users: ['weak on >pw ~limpet:* +get +set +hello +ping +info +client'],
    })
    for (const kind of KINDS) {
      const url = server.url.replace('redis://', 'redis://weak:pw@')
      if (kind === 'valkey-glide') continue
      await using open = await openSingle[kind]({ url })
      await using table = redisTable(open.client as RedisClient, options)
      await expect(table.lookup('k')).rejects.toMatchObject({
        code: 'table-failed',
        message: expect.stringMatching(/ACL user.*pttl, eval, evalsha, time and publish.*NOPERM/),
      })
      expect(table.isAway).toBe(false)
    }
  })

  it('grants the least rights that the guide names, works', async () => {
    const rights =
      '~limpet:* ~limpet~* &limpet~* +get +set +del +eval +evalsha +time +publish +scan +dbsize ' +
      '+pttl +pexpire +zadd +zrem +zcount +zscore +zscan +zrange +zrangebyscore +zremrangebyscore +hello +ping +info +client'
    await using server = await started({ users: [`gateway on >pw ${rights}`] })
    await using open = await openSingle['node-redis']({
      url: server.url.replace('redis://', 'redis://gateway:pw@'),
    })
    await using table = redisTable(open.client as RedisClient, options)
    const { binding } = await table.claim('k', 'pod-1')
    expect(await table.move('k', binding as Binding, 'pod-2')).toMatchObject({ moved: true })
    expect(await table.release('k')).toBe(true)
    expect(await table.clear()).toBe(0)
    await using counting = redisTable(open.client as RedisClient, { ...options, countEveryMs: 60_000 })
    expect(await counting.isUnbound('pod-2')).toBe(true)
    await using indexed = redisTable(open.client as RedisClient, { ...options, pool: 'indexed', index: true })
    await indexed.claim('k', 'pod-1')
    await indexed.move('k', (await indexed.lookup('k')) as Binding, 'pod-2')
    expect(Object.fromEntries(await indexed.countsNow())).toEqual({ 'pod-2': 1 })
    expect(await indexed.reindex()).toBe(0)
    expect(await indexed.releaseEndpoint('pod-2')).toBe(1)
  })

  it('wants a password that the client has not given, says so, and asks no more', async () => {
    await using server = await started()
    await using open = await openSingle.ioredis(server)
    await using table = redisTable(open.client as RedisClient, { ...options, maxFailures: 2 })
    await table.claim('k', 'pod-1')
    await server.cli('ACL', 'SETUSER', 'default', 'on', 'resetpass', '>later')
    await server.cli('-a', 'later', 'CLIENT', 'KILL', 'TYPE', 'normal').catch(() => undefined)
    await vi.waitFor(async () => {
      const error = await outcomeOf(() => table.lookup('k'))
      expect(error).toMatchObject({
        code: 'table-failed',
        message: expect.stringContaining('has not authenticated'),
      })
    }, PATIENT)
    await vi.waitFor(async () => {
      await expect(table.lookup('k')).rejects.toMatchObject({ code: 'table-away' })
    }, PATIENT)
  })

  it('is a replica, refuses writes by name and still answers look-ups', async () => {
    await using master = await started()
    await using replica = await started({ replicaOf: master.port })
    await using open = await openSingle.ioredis(master)
    await using table = redisTable(open.client as RedisClient, options)
    await table.claim('k', 'pod-1')
    await using there = await openSingle.ioredis(replica)
    await using copy = redisTable(there.client as RedisClient, options)
    await vi.waitFor(async () => expect(await copy.lookup('k')).toMatchObject({ identity: 'pod-1' }), PATIENT)
    await expect(copy.claim('new', 'pod-1')).rejects.toMatchObject({
      code: 'table-failed',
      message: expect.stringContaining('writes to a replica'),
    })
  })

  it('has no memory left and evicts nothing, refuses new bindings by name and still answers look-ups', async () => {
    await using server = await started()
    await using open = await openSingle['node-redis'](server)
    await using table = redisTable(open.client as RedisClient, options)
    const { binding } = await table.claim('k', 'pod-1')
    await server.cli('CONFIG', 'SET', 'maxmemory', '1')
    await expect(table.claim('new', 'pod-1')).rejects.toMatchObject({
      code: 'table-failed',
      message: expect.stringContaining('maxmemory'),
    })
    expect(await table.lookup('k')).toMatchObject({ identity: 'pod-1', version: binding?.version })
    await server.cli('CONFIG', 'SET', 'maxmemory', '0')
    expect(await table.claim('new', 'pod-1')).toMatchObject({ created: true })
  })

  it('evicts bindings when its memory is full, warns once', async () => {
    await using server = await started({ maxmemory: '100mb', policy: 'allkeys-lru' })
    await using open = await openSingle.ioredis(server)
    const warnings: unknown[] = []
    const warn = (message: unknown) => warnings.push(message)
    subscribe('limpet:table:warning', warn)
    await using table = redisTable(open.client as RedisClient, options)
    await table.claim('k', 'pod-1')
    await vi.waitFor(() => expect(warnings).toHaveLength(1), PATIENT)
    await table.claim('other', 'pod-1')
    unsubscribe('limpet:table:warning', warn)
    expect(warnings).toEqual([
      { pool: 'p', message: expect.stringMatching(/maxmemory of 104857600.*allkeys-lru/) },
    ])
  })

  it('holds something else under a key, or a binding of a newer version, neither misreads nor overwrites it', async () => {
    await using server = await started()
    await using open = await openSingle.ioredis(server)
    await using table = redisTable(open.client as RedisClient, options)
    const from: Binding = { identity: 'pod-1', version: 'abcdef', createdAt: 1, expiresAt: 2 }
    for (const [key, value] of [
      ['newer', '2from the future'],
      ['damaged', '1short'],
    ] as const) {
      await server.cli('SET', `limpet:p:${key}`, value)
      const code = { code: 'table-value' }
      await expect(table.lookup(key)).rejects.toMatchObject(code)
      await expect(table.claim(key, 'pod-1')).rejects.toMatchObject(code)
      if (key === 'newer') {
        await expect(table.move(key, from, 'pod-2')).rejects.toMatchObject(code)
        await expect(table.release(key)).rejects.toMatchObject(code)
        expect(await server.cli('GET', `limpet:p:${key}`)).toBe(value)
      }
    }
    await server.cli('LPUSH', 'limpet:p:list', 'a')
    await expect(table.lookup('list')).rejects.toMatchObject({
      code: 'table-failed',
      message: expect.stringContaining('a prefix of its own'),
    })
  })

  it('does not answer, ends each call in its time, asks no more, and is found when it is back', async () => {
    await using server = await started()
    for (const kind of KINDS) {
      await using proxy = await tcpFaultProxy(server.port)
      await using open = await openSingle[kind]({ url: `redis://127.0.0.1:${proxy.port}` })
      await using table = redisTable(open.client as RedisClient, {
        pool: 'away',
        callTimeoutMs: 100,
        maxFailures: 3,
        probeMs: 20,
      })
      await vi.waitFor(() => table.claim(kind, 'pod-1'), PATIENT)
      told.length = 0
      await proxy.set({ kind: 'stall' })
      const codes: unknown[] = []
      for (let i = 0; i < 6; i++) {
        const began = performance.now()
        codes.push(((await outcomeOf(() => table.lookup(kind))) as { code?: string }).code)
        if (i >= 3) expect(performance.now() - began).toBeLessThan(90)
      }
      expect(codes).toEqual([...Array(3).fill('table-timeout'), ...Array(3).fill('table-away')])
      expect(table.isAway).toBe(true)
      await proxy.set({ kind: 'pass' })
      await vi.waitFor(() => expect(table.isAway).toBe(false), PATIENT)
      await vi.waitFor(
        async () => expect(await table.lookup(kind)).toMatchObject({ identity: 'pod-1' }),
        PATIENT,
      )
      expect(told).toEqual(['away', 'back'])
    }
  })

  it('was never there, says so and does not throw out of a timer', async () => {
    await using server = await started()
    await using open = await openSingle.ioredis(server)
    await server.kill()
    await using table = redisTable(open.client as RedisClient, {
      ...options,
      callTimeoutMs: 100,
      maxFailures: 2,
    })
    const codes: unknown[] = []
    for (let i = 0; i < 4; i++)
      codes.push(((await outcomeOf(() => table.claim('k', 'pod-1'))) as { code?: string }).code)
    expect(codes.every((code) => /^table-(timeout|failed|away)$/.test(String(code)))).toBe(true)
  })

  it('is killed, keeps bindings with persistence and loses them without, and never shows one that it did not have', async () => {
    for (const appendonly of [true, false]) {
      await using server = await started({ appendonly, more: ['appendfsync always'] })
      await using open = await openSingle['node-redis'](server)
      await using table = redisTable(open.client as RedisClient, { ...options, probeMs: 20 })
      const { binding } = await table.claim('k', 'pod-1')
      await server.kill()
      await server.restart()
      await vi.waitFor(() => table.lookup('other'), PATIENT)
      const after = await table.lookup('k')
      expect(after?.version).toBe(appendonly ? binding?.version : undefined)
    }
  })
})
