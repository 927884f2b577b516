import { Cluster, Redis } from 'ioredis'
import { Redis as ValkeyRedis } from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { describe, expect, it } from 'vitest'
import { commandsOf, type RedisClient } from '../../../src/table/redis/redis-client.ts'

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
