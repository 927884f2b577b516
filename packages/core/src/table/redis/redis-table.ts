import { channels } from '../../channels.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type { Binding, Claim, Move, StickyTable } from '../sticky-table.ts'
import { commandsOf, type RedisClient } from './redis-client.ts'
import { RedisKeys } from './redis-keys.ts'
import { type CheckedRedisOptions, checkRedisOptions, type RedisTableOptions } from './redis-options.ts'
import { CLAIM, MOVE, REFRESH, RELEASE } from './redis-scripts.ts'
import { RedisServer } from './redis-server.ts'
import { momentText, newVersion, parseStored, type StoredBinding, storedText } from './stored-value.ts'

/** The life that a binding is given, as a multiple of its idle timeout: so a use is written at most once per quarter of it. */
const LIFE = 1.25

/** A table on Redis. @public */
export interface RedisTable extends StickyTable, AsyncDisposable {
  readonly scope: 'shared'
  /** True while Redis does not answer and is not asked. */
  readonly isAway: boolean
  /** Ends timers and probes. The client is not closed. Idempotent. */
  close(): Promise<void>
}

/**
 * The sticky table that every replica shares: bindings lie in a Redis from 6.2, or a Valkey, under a key each, and the first claim wins for all.
 *
 * A look-up is one GET, a claim one `SET NX GET` (before Redis 7.0 a script), a move or a release one script that compares and sets; each
 * concerns one key, so a Cluster will do. Times are those of the server. A use is written only when less than the idle timeout is
 * left of the 1.25 times that a binding is given, so a binding ends at its idle timeout or at most a quarter later.
 *
 * Calls reject with a StickyError: `table-timeout`, `table-away` while Redis is not asked, `table-failed` with what Redis said and what to
 * do about it, `table-value` for a stored binding that cannot be read. Within a pool that is `onTableError`'s matter.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function redisTable(client: RedisClient, options: RedisTableOptions): RedisTable {
  const checked = checkRedisOptions('redisTable', options)
  return new RedisStickyTable(new RedisKeys(checked), checked, client)
}

class RedisStickyTable implements RedisTable {
  readonly scope = 'shared'
  readonly #keys: RedisKeys
  readonly #options: CheckedRedisOptions
  readonly #server: RedisServer
  readonly #lifeMs: number
  /** Left of a life below which a use is written. The margin is for the estimate of the server's time. */
  readonly #refreshBelowMs: number

  constructor(keys: RedisKeys, options: CheckedRedisOptions, client: RedisClient) {
    const { idleTimeoutMs, pool } = options
    this.#keys = keys
    this.#options = options
    this.#lifeMs = Math.ceil(idleTimeoutMs * LIFE)
    this.#refreshBelowMs = idleTimeoutMs + Math.min(1_000, idleTimeoutMs / 50)
    this.#server = new RedisServer(commandsOf('redisTable.client', client), options, keys.time, {
      changed: (state, error) => {
        if (channels.tableState.hasSubscribers) channels.tableState.publish({ pool, state, error })
      },
    })
  }

  get isAway(): boolean {
    return this.#server.isAway
  }

  async lookup(key: string): Promise<Binding | undefined> {
    const name = this.#keys.of(key)
    const [value, now] = await Promise.all([this.#server.get(name), this.#server.time.now()])
    if (value === null || value === undefined) return undefined
    const stored = parseStored(value)
    if (!stands(stored, now)) return undefined
    this.#use(name, stored, now)
    return this.#bindingOf(stored)
  }

  async claim(key: string, candidate: Identity): Promise<Claim> {
    const name = this.#keys.of(key)
    const now = await this.#server.time.now()
    const fresh = this.#fresh(candidate, now)
    const value = storedText(fresh)
    const before = await this.#server.setIfAbsent(name, value, this.#lifeMs, momentText(now))
    if (before === null || before === undefined) return { binding: this.#bindingOf(fresh), created: true }
    const stored = parseStored(before)
    // A client that sends a command again after its connection broke may meet what it has set itself.
    if (stored.version === fresh.version) return { binding: this.#bindingOf(fresh), created: true }
    if (stands(stored, now)) {
      this.#use(name, stored, now)
      return { binding: this.#bindingOf(stored), created: false }
    }
    const [created, standing] = await this.#server.run(CLAIM, name, [
      momentText(now),
      value,
      String(this.#lifeMs),
    ])
    return { binding: this.#bindingOf(parseStored(standing)), created }
  }

  async move(key: string, from: Binding, to: Identity): Promise<Move> {
    const now = await this.#server.time.now()
    const fresh = this.#fresh(to, now)
    const [moved, standing] = await this.#server.run(MOVE, this.#keys.of(key), [
      String(from.version),
      momentText(now),
      fresh.version,
      momentText(fresh.until),
      String(this.#lifeMs),
      to,
      storedText(fresh),
    ])
    const stored = parseStored(standing)
    return { binding: this.#bindingOf(stored), moved: moved || stored.version === fresh.version }
  }

  async touch(key: string, binding: Binding): Promise<void> {
    const now = await this.#server.time.now()
    if (binding.expiresAt + this.#server.time.offset - now >= this.#refreshBelowMs) return
    await this.#refresh(this.#keys.of(key), String(binding.version), now)
  }

  async release(key: string, from?: Binding): Promise<boolean> {
    const now = await this.#server.time.now()
    const version = from === undefined ? '' : String(from.version)
    const [released, standing] = await this.#server.run(RELEASE, this.#keys.of(key), [
      version,
      momentText(now),
    ])
    if (!released && standing !== null && standing !== undefined) parseStored(standing)
    return released
  }

  async close(): Promise<void> {
    this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #fresh(identity: Identity, now: number): StoredBinding {
    const createdAt = Math.round(now)
    return {
      version: newVersion(),
      createdAt,
      until: createdAt + this.#lifeMs,
      deadline: createdAt + this.#options.absoluteTimeoutMs,
      movedAt: undefined,
      identity,
    }
  }

  /** Counts a use, where it is worth a write. Nobody waits for it. */
  #use(name: string, { version, until, deadline }: StoredBinding, now: number): void {
    if (until - now >= this.#refreshBelowMs || until >= deadline) return
    this.#refresh(name, version, now).catch((error: unknown) => {
      if (!channels.tableError.hasSubscribers) return
      channels.tableError.publish({ pool: this.#options.pool, operation: 'touch', error })
    })
  }

  async #refresh(name: string, version: string, now: number): Promise<void> {
    const until = momentText(now + this.#lifeMs)
    await this.#server.run(REFRESH, name, [version, momentText(now), until, String(this.#lifeMs)])
  }

  /** In the time of this process's clock, by which the pool goes. */
  #bindingOf({ identity, version, createdAt, until, deadline, movedAt }: StoredBinding): Binding {
    const { offset } = this.#server.time
    const expiresAt = Math.min(until, deadline) - offset
    if (movedAt === undefined) return { identity, version, createdAt: createdAt - offset, expiresAt }
    return { identity, version, createdAt: createdAt - offset, movedAt: movedAt - offset, expiresAt }
  }
}

function stands({ until, deadline }: StoredBinding, now: number): boolean {
  return until > now && deadline > now
}
