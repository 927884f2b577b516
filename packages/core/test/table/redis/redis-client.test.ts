import { Cluster, Redis } from 'ioredis'
import { Redis as ValkeyRedis } from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { describe, expect, it } from 'vitest'
import { commandsOf, type RedisClient } from '../../../src/table/redis/redis-client.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'

describe('the client', () => {
  it('may be any of those that are known, by what they can do', () => {
    const clients: RedisClient[] = [
      new Redis({ lazyConnect: true }),
      new Cluster([{ port: 1 }], { lazyConnect: true }),
      new ValkeyRedis({ lazyConnect: true }),
      createClient(),
      createClientPool(),
      createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
      createSentinel({ name: 'mymaster', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
      { customCommand: async () => null },
    ]
    for (const client of clients) expect(commandsOf('redisTable.client', client)).toBeDefined()
  })

  it('is refused by name if it is something else', () => {
    for (const wrong of [
      undefined,
      null,
      {},
      'redis://127.0.0.1',
      new Map(),
      { get: () => 1, set: () => 1 },
    ]) {
      expect(() => commandsOf('redisTable.client', wrong as RedisClient)).toThrow(
        /redisTable\.client.*ioredis, iovalkey, node-redis or valkey-glide/,
      )
    }
  })

  it('is refused where it puts a prefix of its own before the names of keys, also as a subscriber', () => {
    for (const client of [
      new Redis({ lazyConnect: true, keyPrefix: 'app:' }),
      new ValkeyRedis({ lazyConnect: true, keyPrefix: 'app:' }),
      new Cluster([{ port: 1 }], { lazyConnect: true, keyPrefix: 'app:' }),
      new Cluster([{ port: 1 }], { lazyConnect: true, redisOptions: { keyPrefix: 'app:' } }),
    ]) {
      expect(() => commandsOf('redisTable.client', client)).toThrow(
        /redisTable\.client.*without "keyPrefix" \(the option "prefix".*app:/,
      )
      expect(() => redisInvalidations(client as RedisSubscriber, { pool: 'a' })).toThrow(
        /redisInvalidations\.subscriber.*without "keyPrefix"/,
      )
    }
  })

  it('of valkey-glide gets its commands as lists', async () => {
    const sent: string[][] = []
    const commands = commandsOf('client', {
      customCommand: async (args) => {
        sent.push(args)
        return null
      },
    })
    await commands.get('k')
    await commands.setIfAbsent('k', 'v', 5)
    await commands.evalSha('sha', ['k'], ['a', 'b'])
    await commands.eval('text', ['k'], [])
    expect(sent).toEqual([
      ['GET', 'k'],
      ['SET', 'k', 'v', 'NX', 'GET', 'PX', '5'],
      ['EVALSHA', 'sha', '1', 'k', 'a', 'b'],
      ['EVAL', 'text', '1', 'k'],
    ])
  })
})
