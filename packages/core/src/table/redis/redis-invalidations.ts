import { invalidOption } from '../../option.ts'
import type { InvalidationListener, Invalidations } from '../near/invalidations.ts'
import { RedisKeys } from './redis-keys.ts'
import { checkRedisOptions, type RedisTableOptions } from './redis-options.ts'

/** A connection of its own for messages, of ioredis or iovalkey: `client.duplicate()`. @public */
export interface MessageEventSubscriber {
  subscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'ready' | 'close', listener: () => void): unknown
}

/** A connection of its own for messages, of node-redis: `client.duplicate()`, connected. @public */
export interface MessageListenerSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  on(event: 'ready' | 'reconnecting' | 'end', listener: () => void): unknown
}

/** @public */
export type RedisSubscriber = MessageEventSubscriber | MessageListenerSubscriber

/**
 * What a near cache before a `redisTable()` is told of by the other replicas: keys that are moved or released, on a channel of the
 * pool. New bindings are not told, since nobody remembers that a key has none; times are known to everybody. So there is a
 * message for each move and each release, and none else. While the connection is lost the cache is told so.
 *
 * `options`: those of the table, of which the ones that name keys count. The connection stays the caller's.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function redisInvalidations(
  subscriber: RedisSubscriber,
  options: Pick<RedisTableOptions, 'pool' | 'prefix' | 'keys' | 'secret'>,
): Invalidations {
  const path = 'redisInvalidations'
  if (typeof subscriber?.subscribe !== 'function' || typeof subscriber.on !== 'function') {
    throw invalidOption(
      `${path}.subscriber`,
      'a client of ioredis, iovalkey or node-redis, for it alone',
      subscriber,
    )
  }
  const keys = new RedisKeys(checkRedisOptions(path, options))
  return {
    nameOf: (key) => keys.of(key),
    watch: (listener) => new Subscription(subscriber, keys.channel, listener).start(),
  }
}

/** One listener's subscription, over lost connections. */
class Subscription {
  readonly #subscriber: RedisSubscriber
  readonly #channel: string
  readonly #listener: InvalidationListener
  #isStopped = false
  /** Tells a subscription of this connection from those of the ones before. */
  #connection = 0

  constructor(subscriber: RedisSubscriber, channel: string, listener: InvalidationListener) {
    this.#subscriber = subscriber
    this.#channel = channel
    this.#listener = listener
  }

  start(): () => void {
    const subscriber = this.#subscriber as MessageEventSubscriber & MessageListenerSubscriber
    subscriber.on('message', (channel, message) => {
      if (channel === this.#channel) this.#tell(message)
    })
    subscriber.on('ready', () => void this.#subscribe())
    for (const event of ['close', 'reconnecting', 'end'] as const)
      subscriber.on(event as 'close', () => this.#lose())
    void this.#subscribe()
    return () => {
      this.#isStopped = true
    }
  }

  /** Subscribes on this connection: a client does so by itself when it connects anew, but does not tell when it has. */
  async #subscribe(): Promise<void> {
    const connection = ++this.#connection
    try {
      await this.#subscriber.subscribe(this.#channel, this.#tellDirectly)
    } catch {
      return
    }
    if (connection === this.#connection && !this.#isStopped) this.#listener.restored()
  }

  #lose(): void {
    this.#connection++
    if (!this.#isStopped) this.#listener.lost()
  }

  /** node-redis gives messages here; ioredis takes no listener, and gives none. */
  readonly #tellDirectly = (message: unknown): void => {
    if (typeof message === 'string') this.#tell(message)
  }

  #tell(message: string): void {
    if (!this.#isStopped) this.#listener.changed(message)
  }
}
