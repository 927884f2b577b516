import { createClient } from 'redis'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import { redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { NEAR_AGE_MS, RECONNECT_MS, redisOptions } from './redis-settings.ts'

/** A near cache before `redisTable`, told of changes over a second connection of node-redis. */
const open: OpenTableFunction = async (place) => {
  const client = createClient({
    socket: { host: '127.0.0.1', port: place.port, reconnectStrategy: () => RECONNECT_MS },
  })
  const subscriber = client.duplicate()
  for (const connection of [client, subscriber]) {
    connection.on('error', () => undefined)
    await connection.connect()
  }
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
      client.destroy()
      subscriber.destroy()
    },
  }
}

export default open
