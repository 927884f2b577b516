import { Redis } from 'ioredis'
import { nearRedis } from './near-redis.ts'
import type { OpenTableFunction } from './open-table.ts'
import { RECONNECT_MS } from './redis-settings.ts'

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
  const subscriber = client.duplicate({ autoResubscribe: false })
  subscriber.on('error', () => undefined)
  return nearRedis(place, client, subscriber, () => {
    client.disconnect()
    subscriber.disconnect()
  })
}

export default open
