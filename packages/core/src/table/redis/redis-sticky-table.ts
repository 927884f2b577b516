import { channels } from '../../channels.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type {
  BindingList,
  BulkRelease,
  ListedBinding,
  SliceOptions,
  StatedTimeouts,
} from '../capabilities.ts'
import type { TableOperation } from '../guarded-table.ts'
import type { Binding, Claim, Move, StickyTable } from '../sticky-table.ts'
import { RedisBulk } from './redis-bulk.ts'
import { commandsOf, type RedisClient } from './redis-client.ts'
import { RedisKeys } from './redis-keys.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import { CLAIM, MOVE, REFRESH, RELEASE } from './redis-scripts.ts'
import { RedisServer } from './redis-server.ts'
import { parseStored, type StoredBinding, storedText } from './stored-value.ts'
import { Times } from './times.ts'

/** A table on Redis. @public */
export interface RedisTable extends StickyTable, BindingList, BulkRelease, StatedTimeouts, AsyncDisposable {
  readonly scope: 'shared'
  /** True while Redis does not answer and is not asked. */
  readonly isAway: boolean
  /** Ends timers and probes. The client is not closed. Idempotent. */
  close(): Promise<void>
}

/** The table that `redisTable()` makes; one that counts is made of it. */
export class RedisStickyTable implements RedisTable {
  readonly scope = 'shared'
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
  protected readonly server: RedisServer
  protected readonly keys: RedisKeys
  protected readonly bulk: RedisBulk
  readonly #options: CheckedRedisOptions
  readonly #times: Times
  /** Where changes are told; empty if they are not. */
  readonly #channel: string

  constructor(client: RedisClient, options: CheckedRedisOptions, keys: RedisKeys = new RedisKeys(options)) {
    const { pool, clock } = options
    const commands = commandsOf('redisTable.client', client)
    this.#options = options
    this.idleTimeoutMs = options.idleTimeoutMs
    this.absoluteTimeoutMs = options.absoluteTimeoutMs
    this.keys = keys
    this.#channel = options.announce ? this.keys.channel : ''
    this.server = new RedisServer(commands, options, keys, {
      changed: (state, error) => {
        if (channels.tableState.hasSubscribers) channels.tableState.publish({ pool, state, error })
      },
      warned: (message) => {
        if (channels.tableWarning.hasSubscribers) channels.tableWarning.publish({ pool, message })
      },
    })
    this.#times = new Times(options, this.server.time)
    this.bulk = new RedisBulk({
      client,
      commands,
      keys: this.keys,
      server: this.server,
      times: this.#times,
      clock,
      release: async ({ name, stored }) => (await this.end(name, stored))[0],
    })
  }

  get isAway(): boolean {
    return this.server.isAway
  }

  protected get times(): Times {
    return this.#times
  }

  protected get channel(): string {
    return this.#channel
  }

  lookup(key: string): Promise<Binding | undefined> {
    const now = this.server.now()
    return typeof now === 'number' ? this.#lookup(key) : now.then(() => this.#lookup(key))
  }

  claim(key: string, candidate: Identity): Promise<Claim> {
    const now = this.server.now()
    if (typeof now === 'number') return this.#claim(key, candidate, now)
    return now.then((then) => this.#claim(key, candidate, then))
  }

  async move(key: string, from: Binding, to: Identity): Promise<Move> {
    const now = await this.server.now()
    const fresh = this.#times.fresh(to, now)
    const [isMoved, standing] = await this.server.run(MOVE, this.keys.of(key), [
      String(from.version),
      this.#times.text(now),
      fresh.version,
      this.#times.text(fresh.until),
      String(this.#times.lifeMs),
      to,
      storedText(fresh),
      this.#channel,
    ])
    const stored = parseStored(standing)
    const moved = isMoved || stored.version === fresh.version
    if (moved) this.changed(to, 1)
    if (moved && stored.movedAt !== undefined) this.changed(from.identity, -1)
    return { binding: this.#times.bindingOf(stored), moved }
  }

  async touch(key: string, binding: Binding): Promise<void> {
    const now = await this.server.now()
    if (!this.#times.isBindingDue(binding, now)) return
    await this.refresh(this.keys.of(key), binding, now)
  }

  async release(key: string, from?: Binding): Promise<boolean> {
    await this.server.now()
    const [released, standing] = await this.end(this.keys.of(key), from)
    if (standing === null || standing === undefined) return released
    const { identity } = parseStored(standing)
    if (released) this.changed(identity, -1)
    return released
  }

  list(options?: {
    readonly identity?: Identity
    readonly signal?: AbortSignal
  }): AsyncIterable<ListedBinding> {
    return this.bulk.list(options)
  }

  releaseEndpoint(identity: Identity, options?: SliceOptions): Promise<number> {
    return this.bulk.releaseEndpoint(identity, options)
  }

  clear(options?: SliceOptions): Promise<number> {
    return this.bulk.clear(options)
  }

  async close(): Promise<void> {
    this.server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** This replica has bound a key to an endpoint (`1`) or away from it (`-1`). */
  protected changed(_identity: Identity, _by: 1 | -1): void {}

  protected report(operation: TableOperation | 'count', error: unknown): void {
    if (!channels.tableError.hasSubscribers) return
    channels.tableError.publish({ pool: this.#options.pool, operation, error })
  }

  #lookup(key: string): Promise<Binding | undefined> {
    const name = this.keys.of(key)
    return this.server.get(name, (value) => {
      if (value === null || value === undefined) return undefined
      const stored = parseStored(value)
      // By the time of the answer: it may have been long on its way.
      const now = this.server.time.estimate
      if (!this.#times.stands(stored, now)) return undefined
      this.use(name, stored, now)
      return this.#times.bindingOf(stored)
    })
  }

  #claim(key: string, candidate: Identity, now: number): Promise<Claim> {
    const name = this.keys.of(key)
    const fresh = this.#times.fresh(candidate, now)
    const value = storedText(fresh)
    const { lifeMs } = this.#times
    return this.server.setIfAbsent<Claim>(name, value, lifeMs, now, (before) => {
      if (before === null || before === undefined) return this.#created(fresh)
      const stored = parseStored(before)
      // A client that sends a command again after its connection broke may meet what it has set itself.
      if (stored.version === fresh.version) return this.#created(fresh)
      if (!this.#times.stands(stored, now)) return this.#claimOver(name, fresh, value, now)
      this.use(name, stored, now)
      return { binding: this.#times.bindingOf(stored), created: false }
    })
  }

  /** Claims a key whose binding is over, though Redis still has it. */
  async #claimOver(name: string, fresh: StoredBinding, value: string, now: number): Promise<Claim> {
    const args = [this.#times.text(now), value, String(this.#times.lifeMs)]
    const [created, standing] = await this.server.run(CLAIM, name, args)
    const stored = parseStored(standing)
    // As above: sent again, it meets what it has set itself.
    if (created || stored.version === fresh.version) return this.#created(fresh)
    return { binding: this.#times.bindingOf(stored), created }
  }

  #created(fresh: StoredBinding): Claim {
    this.changed(fresh.identity, 1)
    return { binding: this.#times.bindingOf(fresh), created: true }
  }

  /** Counts a use, where it is worth a write. Nobody waits for it. */
  protected use(name: string, stored: StoredBinding, now: number): void {
    if (!this.#times.isDue(stored, now)) return
    this.refresh(name, stored, now).catch((error: unknown) => this.report('touch', error))
  }

  /** Ends a binding, of this version if one is given; answers whether it did, and what then stands or stood. */
  protected async end(
    name: string,
    from: Pick<Binding, 'version' | 'identity'> | undefined,
  ): Promise<readonly [boolean, unknown]> {
    const version = from === undefined ? '' : String(from.version)
    return this.server.run(RELEASE, name, [version, this.#times.text(await this.server.now()), this.#channel])
  }

  /** Gives a binding of this version a whole life. */
  protected async refresh(
    name: string,
    { version }: Pick<Binding, 'version' | 'identity'>,
    now: number,
  ): Promise<void> {
    const { lifeMs } = this.#times
    const until = this.#times.text(now + lifeMs)
    await this.server.run(REFRESH, name, [String(version), this.#times.text(now), until, String(lifeMs)])
  }
}
