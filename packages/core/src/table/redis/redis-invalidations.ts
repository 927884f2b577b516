import { choiceOption, invalidOption } from '../../option.ts'
import type { InvalidationListener, Invalidations } from '../near/invalidations.ts'
import { type Emitter, listening } from './client-events.ts'
import { Pulse } from './pulse.ts'
import { refuseKeyPrefix } from './redis-client.ts'
import { RedisKeys } from './redis-keys.ts'
import { checkRedisOptions, type RedisTableOptions } from './redis-options.ts'
import { Tracking } from './tracking.ts'
import { trackingConnection } from './tracking-connection.ts'

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

/** Options of {@link redisInvalidations}. Those that name keys are the table's. @public */
export interface RedisInvalidationsOptions
  extends Pick<RedisTableOptions, 'pool' | 'prefix' | 'keys' | 'secret' | 'clock'> {
  /**
   * How changes are heard of. `publish`: from the replicas that make them, a message for each move and each release. `tracking`: from
   * the server besides, by `CLIENT TRACKING`, whoever made them: a message for each claim and each use that is written, too, and for
   * a `FLUSHALL`, an operator's `DEL`, an eviction. Not on a Cluster. Default `publish`.
   */
  readonly by?: 'publish' | 'tracking'
  /**
   * How often the connection is asked whether it is still there, in milliseconds, at least 1. It counts as lost when it does not answer for as
   * long: at most twice this time after a network began to swallow what it sends. Default 1 000.
   */
  readonly probeMs?: number
}

/** Subscribers that track: each for one near cache, since it turns tracking off and on. */
const tracking = new WeakSet<RedisSubscriber>()

/**
 * What a near cache before a `redisTable()` is told of: keys that are moved or released by other replicas, on a channel of the
 * pool, and with `by: 'tracking'` all that is written. While the connection is lost the cache is told so. New bindings need not be told,
 * since nobody remembers that a key has none; times are known to everybody.
 *
 * The connection stays the caller's. For tracking: of node-redis with `emitInvalidate: true` or `RESP: 2`, of ioredis or iovalkey
 * with `protocol: 2`; to a single server, or by Sentinel with ioredis. If the server does not let it track, `limpet:table:warning` says why, and
 * the cache asks again after its short age.
 *
 * @throws StickyError `invalid-option`, also from `watch` for a subscriber that tracks for another near cache
 * @public
 */
export function redisInvalidations(
  subscriber: RedisSubscriber,
  options: RedisInvalidationsOptions,
): Invalidations {
  const path = 'redisInvalidations'
  if (typeof subscriber?.subscribe !== 'function' || typeof subscriber.on !== 'function') {
    throw invalidOption(
      `${path}.subscriber`,
      'a client of ioredis, iovalkey or node-redis, for it alone',
      subscriber,
    )
  }
  refuseKeyPrefix(`${path}.subscriber`, subscriber)
  const { by = 'publish', ...naming } = options ?? {}
  choiceOption(`${path}.by`, by, ['publish', 'tracking'])
  const checked = checkRedisOptions(path, naming)
  const keys = new RedisKeys(checked)
  const nameOf = (key: string) => keys.of(key)
  const connection = by === 'publish' ? undefined : trackingConnection(`${path}.subscriber`, subscriber)
  return {
    nameOf,
    watch(listener) {
      if (tracking.has(subscriber)) {
        throw invalidOption(`${path}.subscriber`, 'a connection for one near cache alone', subscriber)
      }
      const ping = async () => (subscriber as { ping?(): unknown }).ping?.()
      const pulse = new Pulse(listener, { clock: checked.clock, everyMs: checked.probeMs, ping })
      if (connection !== undefined) tracking.add(subscriber)
      const stop =
        connection === undefined
          ? new Subscription(subscriber, keys.channel, pulse).start()
          : new Tracking(connection, keys, options.pool, pulse).start()
      let isStopped = false
      return () => {
        if (isStopped) return
        isStopped = true
        if (connection !== undefined) tracking.delete(subscriber)
        stop()
        pulse.stop()
      }
    },
  }
}

/** One listener's subscription, over lost connections. */
class Subscription {
  readonly #subscriber: RedisSubscriber
  readonly #channel: string
  /** Undefined once it is stopped: the channel stays subscribed, for others on this connection. */
  #listener: InvalidationListener | undefined
  /** Tells a subscription of this connection from those of the ones before. */
  #connection = 0

  constructor(subscriber: RedisSubscriber, channel: string, listener: InvalidationListener) {
    this.#subscriber = subscriber
    this.#channel = channel
    this.#listener = listener
  }

  start(): () => void {
    const lose = () => this.#lose()
    const stop = listening(this.#subscriber as Emitter, {
      message: (channel, message) => {
        if (channel === this.#channel) this.#tell(String(message))
      },
      ready: () => void this.#subscribe(),
      close: lose,
      reconnecting: lose,
      end: lose,
    })
    void this.#subscribe()
    return () => {
      this.#listener = undefined
      stop()
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
    if (connection === this.#connection) this.#listener?.restored()
  }

  #lose(): void {
    this.#connection++
    this.#listener?.lost()
  }

  /** node-redis gives messages here; ioredis takes no listener, and gives none. */
  readonly #tellDirectly = (message: unknown): void => {
    if (typeof message === 'string') this.#tell(message)
  }

  #tell(message: string): void {
    this.#listener?.changed(message)
  }
}
