import { channels } from '../../channels.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type {
  AdjustableTimeout,
  BindingList,
  BulkRelease,
  ListedBinding,
  SliceOptions,
  StatedTimeouts,
} from '../capabilities.ts'
import type { TableOperation } from '../guarded-table.ts'
import type { Binding, Claim, Move, StickyTable } from '../sticky-table.ts'
import { CLOCK_ERROR_MS } from './binding-script.ts'
import { ITS_OWN, type OtherClocks } from './clock-watch.ts'
import { RedisBulk } from './redis-bulk.ts'
import { commandsOf, type RedisClient } from './redis-client.ts'
import { RedisKeys } from './redis-keys.ts'
import { type CheckedRedisOptions, redisIdleTimeout } from './redis-options.ts'
import { CLAIM, MOVE, REFRESH, RELEASE } from './redis-scripts.ts'
import { RedisServer, type ServerEvents } from './redis-server.ts'
import { newVersion, parseStored, type StoredBinding, storedText } from './stored-value.ts'
import { Times } from './times.ts'

/** A table on Redis. @public */
export interface RedisTable
  extends StickyTable,
    BindingList,
    BulkRelease,
    StatedTimeouts,
    AdjustableTimeout,
    AsyncDisposable {
  readonly scope: 'shared'
  /** True while Redis does not answer and is not asked. */
  readonly isAway: boolean
  /** Ends timers and probes. The client is not closed. Idempotent. */
  close(): Promise<void>
}

/** The table that `redisTable()` makes; one that counts is made of it. */
export class RedisStickyTable implements RedisTable {
  readonly scope = 'shared'
  readonly absoluteTimeoutMs: number
  protected readonly server: RedisServer
  protected readonly keys: RedisKeys
  protected readonly bulk: RedisBulk
  readonly #options: CheckedRedisOptions
  readonly #times: Times
  /** Where changes are told; empty if they are not. */
  readonly #channel: string

  /** `clocks`: those with which the table's own is compared. */
  constructor(
    client: RedisClient,
    options: CheckedRedisOptions,
    keys: RedisKeys = new RedisKeys(options),
    clocks: OtherClocks = ITS_OWN,
  ) {
    const { pool, clock } = options
    const commands = commandsOf('redisTable.client', client)
    this.#options = options
    this.absoluteTimeoutMs = options.absoluteTimeoutMs
    this.keys = keys
    this.#channel = options.announce ? this.keys.channel : ''
    const events: ServerEvents = {
      changed: (state, error) => {
        if (channels.tableState.hasSubscribers) channels.tableState.publish({ pool, state, error })
      },
      warned: (message) => {
        if (channels.tableWarning.hasSubscribers) channels.tableWarning.publish({ pool, message })
      },
    }
    this.server = new RedisServer(commands, options, keys, events, clocks)
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

  get idleTimeoutMs(): number {
    return this.#times.idleTimeoutMs
  }

  setIdleTimeout(idleTimeoutMs: number): void {
    this.#times.idleTimeoutMs = redisIdleTimeout('setIdleTimeout.idleTimeoutMs', idleTimeoutMs)
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
    await this.server.now()
    const version = newVersion()
    const args = [String(from.version), ...this.making(version, to), this.#channel]
    const [isMoved, standing] = await this.server.run(MOVE, this.keys.of(key), args)
    const stored = parseStored(standing)
    const moved = isMoved || stored.version === version
    if (moved) this.changed(to, 1)
    if (moved && stored.movedAt !== undefined) this.changed(from.identity, -1)
    return { binding: await this.bindingOf(stored), moved }
  }

  async touch(key: string, binding: Binding): Promise<void> {
    const now = await this.server.now()
    if (!this.#times.isBindingDue(binding, now)) return
    await this.#refresh(this.keys.of(key), binding)
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
      // By the time of the answer: it may have been long on its way, and the clock may have jumped meanwhile.
      const now = this.server.now()
      if (typeof now === 'number') return this.#found(name, stored, now)
      return now.then((then) => this.#found(name, stored, then))
    })
  }

  /** What Redis has stands. Where it says of itself what cannot be, a script puts that right before it is answered. */
  #found(name: string, stored: StoredBinding, now: number): Binding | Promise<Binding | undefined> {
    if (this.#times.isImpossible(stored, now)) return this.#askAgain(name, stored)
    if (this.#times.isDue(stored, now)) this.use(name, stored)
    return this.#times.bindingOf(stored)
  }

  async #askAgain(name: string, stored: StoredBinding): Promise<Binding | undefined> {
    const standing = await this.#refresh(name, stored)
    if (standing === null || standing === undefined) return undefined
    return this.bindingOf(parseStored(standing))
  }

  #claim(key: string, candidate: Identity, now: number): Promise<Claim> {
    const name = this.keys.of(key)
    const fresh = this.#times.fresh(candidate, now)
    return this.server.setIfAbsent<Claim>(name, storedText(fresh), this.#times.firstLifeMs, (before) => {
      if (before === null || before === undefined) return this.server.at(fresh, this.#created)
      const stored = parseStored(before)
      // A client that sends a command again after its connection broke may meet what it has set itself.
      if (stored.version === fresh.version) return this.server.at(fresh, this.#created)
      return this.server.at(stored, (_, then) => {
        if (this.#times.isImpossible(stored, then)) return this.#claimAgain(name, fresh)
        if (this.#times.isDue(stored, then)) this.use(name, stored)
        return { binding: this.#times.bindingOf(stored), created: false }
      })
    })
  }

  /** As {@link #askAgain}; it may also turn out to be over. */
  async #claimAgain(name: string, { version, identity }: StoredBinding): Promise<Claim> {
    const [isCreated, standing] = await this.server.run(CLAIM, name, this.making(version, identity))
    const stored = parseStored(standing)
    // As above: sent again, it meets what it has set itself.
    if (isCreated || stored.version === version) return this.server.at(stored, this.#created)
    if (this.#times.isDue(stored, await this.server.now())) this.use(name, stored)
    return { binding: await this.bindingOf(stored), created: false }
  }

  readonly #created = (stored: StoredBinding): Claim => {
    this.changed(stored.identity, 1)
    return { binding: this.#times.bindingOf(stored), created: true }
  }

  /** After a wait, in which this process's clock may have jumped. */
  protected bindingOf(stored: StoredBinding): Binding | Promise<Binding> {
    return this.server.at(stored, this.#asBinding)
  }

  readonly #asBinding = (stored: StoredBinding): Binding => this.#times.bindingOf(stored)

  /** Counts a use that is worth a write. Nobody waits for it. */
  protected use(name: string, stored: StoredBinding): void {
    this.#refresh(name, stored).catch((error: unknown) => this.report('touch', error))
  }

  /** Counts a use; answers what then stands. */
  async #refresh(name: string, binding: Pick<Binding, 'version' | 'identity'>): Promise<unknown> {
    const latestMs = this.#options.callTimeoutMs + CLOCK_ERROR_MS
    for (let isFirst = true; ; isFirst = false) {
      const usedAt = Math.round(await this.server.now())
      const [, standing] = await this.lengthen(name, binding, [String(usedAt), String(latestMs)])
      // An answer that came in time to a use that was too late: the estimate was wrong, and the answer has put it right.
      const isWrong = isFirst && this.server.time.estimate - usedAt > latestMs
      if (!isWrong) return standing
    }
  }

  /** Tells Redis of a use; `when`: at which moment, and how much later it still counts. Answers whether it was worth a write, and what then stands. */
  protected lengthen(
    name: string,
    { version }: Pick<Binding, 'version' | 'identity'>,
    when: readonly [string, string],
  ): Promise<readonly [boolean, unknown]> {
    return this.server.run(REFRESH, name, [String(version), String(this.#times.lifeMs), ...when])
  }

  /** Ends a binding, of this version if one is given; answers whether it did, and what then stands or stood. */
  protected end(
    name: string,
    from: Pick<Binding, 'version' | 'identity'> | undefined,
  ): Promise<readonly [boolean, unknown]> {
    return this.server.run(RELEASE, name, [from === undefined ? '' : String(from.version), this.#channel])
  }

  /** What a script makes a binding of. */
  protected making(version: string, identity: Identity): string[] {
    const { lifeMs, absoluteTimeoutMs } = this.#times
    const absolute = absoluteTimeoutMs === Number.POSITIVE_INFINITY ? '' : String(absoluteTimeoutMs)
    return [version, String(lifeMs), absolute, identity]
  }
}
