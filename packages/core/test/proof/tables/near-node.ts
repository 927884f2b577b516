import { createClient } from 'redis'
import { nearRedis } from './near-redis.ts'
import type { OpenTableFunction } from './open-table.ts'
import { RECONNECT_MS } from './redis-settings.ts'

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
  return nearRedis(place, client, subscriber, () => {
    client.destroy()
    subscriber.destroy()
  })
}

export default open
