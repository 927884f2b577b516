import { Redis } from 'ioredis'
import type { RedisTable } from '../../../src/table/redis/redis-sticky-table.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { TablePlace } from './open-table.ts'
import { RECONNECT_MS, redisOptions } from './redis-settings.ts'

/** `redisTable` over ioredis, and the client. What is asked while the connection is down waits in the client's queue, as by default. */
export async function openIoredis(
  place: TablePlace,
): Promise<{ client: Redis; table: RedisTable; close(): Promise<void> }> {
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
    client,
    table,
    async close() {
      await table.close()
      client.disconnect()
    },
  }
}
