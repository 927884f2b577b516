import { createClient } from 'redis'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { RECONNECT_MS, redisOptions } from './redis-settings.ts'

/** `redisTable` over node-redis. */
const open: OpenTableFunction = async (place) => {
  const client = createClient({
    socket: { host: '127.0.0.1', port: place.port, reconnectStrategy: () => RECONNECT_MS },
  })
  client.on('error', () => undefined)
  await client.connect()
  const table = redisTable(client, redisOptions(place))
  return {
    table,
    async close() {
      await table.close()
      client.destroy()
    },
  }
}

export default open
