import { Redis } from 'ioredis'
import { Redis as IovalkeyRedis } from 'iovalkey'
import { createClient } from 'redis'
import type { RedisSubscriber } from '../../../src/table/redis/redis-invalidations.ts'
import { quiet } from './open-client.ts'

/** A connection of its own for tracking, connected. `await using` closes it. */
export interface TrackingClient extends AsyncDisposable {
  readonly subscriber: RedisSubscriber
}

/** The ways in which a server can tell a client of writes. */
export type TrackingKind = 'ioredis' | 'iovalkey' | 'node-redis RESP2' | 'node-redis RESP3'

/**
 * What the client subscribes to by itself when it is connected anew, it does in a promise of its own, which ends the process if that
 * connection is lost, too.
 */
const OWN_SUBSCRIPTIONS = { autoResubscribe: false, retryStrategy: () => 20 }

export const openTracking: Readonly<Record<TrackingKind, (url: string) => Promise<TrackingClient>>> = {
  ioredis: (url) => byCall(new Redis(url, { protocol: 2, ...OWN_SUBSCRIPTIONS })),
  iovalkey: (url) => byCall(new IovalkeyRedis(url, OWN_SUBSCRIPTIONS)),
  'node-redis RESP2': (url) =>
    connected(createClient({ url, RESP: 2, socket: { reconnectStrategy: () => 20 } })),
  'node-redis RESP3': (url) =>
    connected(createClient({ url, emitInvalidate: true, socket: { reconnectStrategy: () => 20 } })),
}

async function byCall(client: Redis | IovalkeyRedis): Promise<TrackingClient> {
  const subscriber = quiet(client) as RedisSubscriber
  return { subscriber, [Symbol.asyncDispose]: async () => client.disconnect() }
}

async function connected(client: {
  connect(): Promise<unknown>
  on(event: 'error', listener: () => void): unknown
  destroy(): void
}): Promise<TrackingClient> {
  await quiet(client).connect()
  const subscriber = client as unknown as RedisSubscriber
  return { subscriber, [Symbol.asyncDispose]: async () => client.destroy() }
}
