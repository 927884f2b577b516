import { nearCache } from '../../../src/table/near/near-cache.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { OpenTable, TablePlace } from './open-table.ts'
import { NEAR_AGE_MS, redisOptions } from './redis-settings.ts'

/** A near cache before `redisTable`, told of changes over a connection of its own; `disconnect` closes both connections. */
export function nearRedis(
  place: TablePlace,
  client: RedisClient,
  subscriber: RedisSubscriber,
  disconnect: () => void,
): OpenTable {
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
      disconnect()
    },
  }
}
