import { Redis } from 'ioredis'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { RECONNECT_MS, redisOptions } from './redis-settings.ts'

/** `redisTable` over ioredis. What is asked while the connection is down waits in the client's queue, as by default. */
const open: OpenTableFunction = async (place) => {
  const client = new Redis({
    host: '127.0.0.1',
    port: place.port,
    lazyConnect: true,
    retryStrategy: () => RECONNECT_MS,
  })
  client.on('error', () => undefined)
  await client.connect()
  const table = redisTable(client, redisOptions(place))
  return {
    table,
    async close() {
      await table.close()
      client.disconnect()
    },
  }
}

export default open
