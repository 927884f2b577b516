import { channels } from '../../channels.ts'
import { StickyError } from '../../error.ts'
import type { InvalidationListener } from '../near/invalidations.ts'
import { replyCode } from './redis-failure.ts'
import type { RedisKeys } from './redis-keys.ts'
import { INVALIDATE, type TrackingConnection } from './tracking-connection.ts'

/** What a connection is to a server, as HELLO answers it. */
interface Greeting {
  readonly id: string
  readonly proto: number
  readonly mode: string
}

/**
 * One listener's tracking of a pool's keys, over lost connections: the server tells this connection of each write to them, by whomever,
 * of expiry, eviction and flushes. A connection of RESP2 redirects to itself what it is told, so there is no second one whose loss
 * would go unseen.
 *
 * Moves and releases by other replicas are told on their channel besides: a server tells once of two writes of the same
 * moment, and the near cache must not take both for its own.
 *
 * Source: the Redis manual, CLIENT TRACKING and client-side caching; src/tracking.c of Redis 7.0 and Valkey 8.
 */
export class Tracking {
  readonly #connection: TrackingConnection
  readonly #keys: RedisKeys
  readonly #pool: string
  readonly #listener: InvalidationListener
  readonly #channels: readonly string[]
  #isTold = false
  #isStopped = false
  /** Tells what is set up for this connection from what was for those before. */
  #attempt = 0
  #warned = ''

  constructor(connection: TrackingConnection, keys: RedisKeys, pool: string, listener: InvalidationListener) {
    this.#connection = connection
    this.#keys = keys
    this.#pool = pool
    this.#listener = listener
    this.#channels = connection.protocol === 2 ? [INVALIDATE, keys.channel] : [keys.channel]
  }

  start(): () => void {
    const stop = this.#connection.listen({
      ready: () => void this.#begin(),
      lost: () => this.#lose(),
      written: (names) => this.#tellWritten(names),
      message: (channel, name) => {
        if (channel === this.#keys.channel && !this.#isStopped) this.#listener.changed(name)
      },
    })
    void this.#begin()
    return () => {
      this.#isStopped = true
      stop()
      this.#end().catch(() => undefined)
    }
  }

  /** Turns tracking on, on this connection: a server forgets it with the connection. */
  async #begin(): Promise<void> {
    this.#lose()
    const attempt = this.#attempt
    const isOver = () => attempt !== this.#attempt || this.#isStopped
    try {
      await this.#connection.unsubscribe(this.#channels)
      if (isOver()) return
      // Off first: a client may have turned it on in another mode.
      const [hello] = await Promise.all([this.#connection.send('HELLO'), this.#track('OFF')])
      if (isOver()) return
      const { id, proto, mode } = greetingOf(hello)
      this.#check(proto, mode)
      const redirect = proto === 2 ? ['REDIRECT', id] : []
      await Promise.all([
        this.#track('ON', 'BCAST', ...this.#keys.starts.flatMap((start) => ['PREFIX', start]), ...redirect),
        this.#connection.subscribe(this.#channels),
      ])
    } catch (error) {
      if (!isOver()) this.#warn(error)
      return
    }
    if (isOver()) return
    this.#isTold = true
    this.#warned = ''
    this.#listener.restored()
  }

  async #end(): Promise<void> {
    await this.#connection.unsubscribe(this.#channels)
    await this.#track('OFF')
  }

  #track(...args: string[]): Promise<unknown> {
    return this.#connection.send('CLIENT', 'TRACKING', ...args)
  }

  #lose(): void {
    this.#attempt++
    if (!this.#isTold || this.#isStopped) return
    this.#isTold = false
    this.#listener.lost()
  }

  #tellWritten(names: readonly string[] | null): void {
    if (this.#isStopped) return
    if (names === null) return this.#listener.changed(undefined)
    for (const written of names) {
      const name = this.#keys.plainNameOf(written)
      if (name !== undefined) (this.#listener.written ?? this.#listener.changed).call(this.#listener, name)
    }
  }

  #check(proto: number, mode: string): void {
    const { protocol } = this.#connection
    if (mode === 'cluster') {
      throw new StickyError(
        'table-failed',
        "a server of a Cluster tells of its own keys alone: give by: 'publish'",
      )
    }
    if (proto !== protocol) {
      throw new StickyError(
        'table-failed',
        `the subscriber speaks RESP${proto}, and its client hands on what RESP${protocol} tells`,
      )
    }
  }

  /** Says once why nothing is told. A connection that breaks says so itself. */
  #warn(error: unknown): void {
    const code = replyCode(error)
    if (code === undefined && !(error instanceof StickyError)) return
    const needs = `the rights client|tracking, subscribe and unsubscribe, and the channels ${this.#channels.join(' and ')}`
    const hint = code === 'NOPERM' ? `the ACL user of the subscriber needs ${needs}: ` : ''
    const message = `redisInvalidations: writes are not tracked: ${hint}${(error as Error).message}`
    if (message === this.#warned || !channels.tableWarning.hasSubscribers) return
    this.#warned = message
    channels.tableWarning.publish({ pool: this.#pool, message })
  }
}

/** HELLO answers a list of names and values in RESP2, a map in RESP3, which clients give as an object, a Map or a list. */
function greetingOf(answer: unknown): Greeting {
  const flat = answer instanceof Map ? [...answer].flat() : answer
  const fields = Array.isArray(flat) ? pairs(flat) : Object.entries(Object(flat))
  const { id, proto, mode } = Object.fromEntries(fields.map(([name, value]) => [String(name), String(value)]))
  if (id === undefined || proto === undefined) {
    throw new StickyError('table-failed', 'the server answers HELLO without "id" and "proto"')
  }
  return { id, proto: Number(proto), mode: mode ?? 'standalone' }
}

function pairs(flat: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: flat.length >> 1 }, (_, index) => [flat[2 * index], flat[2 * index + 1]])
}
