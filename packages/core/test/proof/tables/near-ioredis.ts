import { Redis } from 'ioredis'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import { redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { NEAR_AGE_MS, RECONNECT_MS, redisOptions } from './redis-settings.ts'

/** A near cache before `redisTable`, told of changes over a second connection of ioredis. */
const open: OpenTableFunction = async (place) => {
  const client = new Redis({
    host: '127.0.0.1',
    port: place.port,
    lazyConnect: true,
    retryStrategy: () => RECONNECT_MS,
  })
  client.on('error', () => undefined)
  await client.connect()
  const subscriber = client.duplicate()
  subscriber.on('error', () => undefined)
  const options = redisOptions(place)
  const table = redisTable(client, options)
  const near = nearCache(table, {
    clock: place.clock,
    maxAgeMs: NEAR_AGE_MS,
    invalidations: redisInvalidations(subscriber, { pool: options.pool }),
  })
  return {
    table: near,
    async close() {
      await near.close()
      await table.close()
      client.disconnect()
      subscriber.disconnect()
    },
  }
}

export default open
