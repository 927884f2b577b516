import type { Identity } from '../../endpoint/endpoint.ts'
import type { ConfirmedCounts, EndpointCounts, ListedBinding, SliceOptions } from '../capabilities.ts'
import type { Binding, Claim, Move } from '../sticky-table.ts'
import { BindingIndex } from './binding-index.ts'
import { IndexCounts } from './index-counts.ts'
import { CLAIM_INDEXED, MOVE_INDEXED, NOTE, REFRESH_INDEXED, RELEASE_INDEXED } from './index-scripts.ts'
import { IndexedBulk } from './indexed-bulk.ts'
import { IndexedKeys } from './indexed-keys.ts'
import { KnownEndpoints, notedForMs } from './known-endpoints.ts'
import type { RedisClient } from './redis-client.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import { RedisStickyTable, type RedisTable } from './redis-sticky-table.ts'
import { newVersion, parseStored } from './stored-value.ts'

/** A table on Redis that keeps an index of the keys of each endpoint. @public */
export interface IndexedRedisTable extends RedisTable, EndpointCounts, ConfirmedCounts {
  /** How old `countByEndpoint()` and `counts()` are, in milliseconds, not counting what this replica has done since; `Infinity` before the first. */
  readonly countsAgeMs: number
  /** Keys that are bound to the endpoint, as Redis has them now. Costs a call for each bucket. */
  countNow(identity: Identity): Promise<number>
  /** The same of every endpoint that has any. Costs a call for each bucket. */
  countsNow(): Promise<ReadonlyMap<Identity, number>>
  /**
   * Goes over all bindings and the whole index, and puts right where they differ; resolves with the number of differences. They differ only where Redis has
   * ended keys before their time, as it does when it is full and its `maxmemory-policy` is not `noeviction`.
   */
  reindex(options?: SliceOptions): Promise<number>
}

/** Times that a release of whatever stands is tried, while others move the key between two of them. */
const MOST_RELEASES = 100

/** A table whose bindings are written together with an index of them. */
export class IndexedRedisStickyTable extends RedisStickyTable implements IndexedRedisTable {
  readonly #keys: IndexedKeys
  readonly #index: BindingIndex
  readonly #counts: IndexCounts
  readonly #known: KnownEndpoints
  readonly #bulk: IndexedBulk

  constructor(client: RedisClient, options: CheckedRedisOptions) {
    const keys = new IndexedKeys(options, options.indexBuckets)
    super(client, options, keys)
    const { clock } = options
    const { server, times } = this
    this.#keys = keys
    this.#index = new BindingIndex(server, keys)
    this.#known = new KnownEndpoints(clock, (identity) =>
      server.run(NOTE, keys.endpoints, [identity, String(notedForMs(times.lifeMs))]),
    )
    this.#counts = new IndexCounts({
      clock,
      index: this.#index,
      buckets: keys.buckets,
      known: () => this.#known.all(),
      failed: (error) => this.report('count', error),
    })
    this.#bulk = new IndexedBulk({
      index: this.#index,
      keys,
      server,
      walk: this.bulk,
      end: async (name, identity) => (await this.#endOne(name, identity, ''))[0],
    })
  }

  get countsAgeMs(): number {
    return this.#counts.ageMs
  }

  countByEndpoint(identity: Identity): number {
    return this.#counts.of(identity)
  }

  counts(): ReadonlyMap<Identity, number> {
    return this.#counts.all()
  }

  countNow(identity: Identity): Promise<number> {
    return this.#index.count(identity)
  }

  async countsNow(): Promise<ReadonlyMap<Identity, number>> {
    await this.#counts.renew()
    return this.#counts.all()
  }

  async isUnbound(identity: Identity): Promise<boolean> {
    if ((await this.#index.count(identity)) > 0) return false
    if (!this.server.mayEvict) return true
    // A set may have been evicted, and its keys not.
    for await (const _ of super.list({ identity })) return false
    return true
  }

  reindex(options?: SliceOptions): Promise<number> {
    return this.#bulk.reindex(options)
  }

  override async claim(key: string, candidate: Identity): Promise<Claim> {
    await this.#ready(candidate)
    const begunAt = this.#counts.begin()
    const name = this.#keys.of(key)
    const version = newVersion()
    const args = [this.#keys.keptIn(name), ...this.making(version, candidate)]
    const [created, standing] = await this.server.run(
      CLAIM_INDEXED,
      [name, this.#keys.indexOf(name, candidate)],
      args,
    )
    const stored = parseStored(standing)
    // A client that sends a command again after its connection broke may meet what it has set itself.
    const isOwn = created || stored.version === version
    if (isOwn) this.#changed(begunAt, name, candidate, 1)
    else if (this.times.isDue(stored, await this.server.now())) this.use(name, stored)
    return { binding: await this.bindingOf(stored), created: isOwn }
  }

  override async move(key: string, from: Binding, to: Identity): Promise<Move> {
    await this.#ready(to)
    const begunAt = this.#counts.begin()
    const name = this.#keys.of(key)
    const version = newVersion()
    const [isMoved, standing] = await this.server.run(
      MOVE_INDEXED,
      [name, this.#keys.indexOf(name, to), this.#keys.indexOf(name, from.identity)],
      [
        this.#keys.keptIn(name),
        ...this.making(version, to),
        String(from.version),
        from.identity,
        this.channel,
        this.#keys.messageOf(name),
      ],
    )
    const stored = parseStored(standing)
    const moved = isMoved || stored.version === version
    if (moved) this.#changed(begunAt, name, to, 1)
    if (moved && stored.movedAt !== undefined) this.#changed(begunAt, name, from.identity, -1)
    return { binding: await this.bindingOf(stored), moved }
  }

  override list(
    options: { readonly identity?: Identity; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<ListedBinding> {
    const { identity, signal } = options
    return identity === undefined ? super.list(options) : this.#bulk.list(identity, signal)
  }

  override releaseEndpoint(identity: Identity, options?: SliceOptions): Promise<number> {
    return this.#bulk.releaseEndpoint(identity, options)
  }

  override async close(): Promise<void> {
    this.#counts.close()
    await super.close()
  }

  protected override async end(
    name: string,
    from: Pick<Binding, 'version' | 'identity'> | undefined,
  ): Promise<readonly [boolean, unknown]> {
    if (from) return this.#endOne(name, from.identity, String(from.version))
    // A script has to be told the set that has the key, so whose it is must be known.
    for (let time = 0; time < MOST_RELEASES; time++) {
      const standing = await this.server.get(name, (value) => value)
      if (standing === null || standing === undefined) return [false, undefined]
      const { identity } = parseStored(standing)
      const answer = await this.#endOne(name, identity, '')
      if (answer[0] || isOf(answer[1], identity)) return answer
    }
    return [false, undefined]
  }

  protected override async lengthen(
    name: string,
    { version, identity }: Pick<Binding, 'version' | 'identity'>,
    when: readonly [string, string],
  ): Promise<readonly [boolean, unknown]> {
    await this.#ready(identity)
    return this.server.run(
      REFRESH_INDEXED,
      [name, this.#keys.indexOf(name, identity)],
      [this.#keys.keptIn(name), String(version), String(this.times.lifeMs), identity, ...when],
    )
  }

  async #endOne(name: string, identity: Identity, version: string): Promise<readonly [boolean, unknown]> {
    const begunAt = this.#counts.begin()
    const answer = await this.server.run(
      RELEASE_INDEXED,
      [name, this.#keys.indexOf(name, identity)],
      [this.#keys.keptIn(name), version, identity, this.channel, this.#keys.messageOf(name)],
    )
    if (answer[0]) this.#changed(begunAt, name, identity, -1)
    return answer
  }

  /** Waits until the server's time is known, the replicas agree, and the endpoint is noted; as a rule for nothing. */
  #ready(identity: Identity): unknown {
    const now = this.server.now()
    if (typeof now !== 'number') return now.then(() => this.#known.check(identity))
    return this.#known.check(identity)
  }

  #changed(begunAt: number, name: string, identity: Identity, by: 1 | -1): void {
    this.#counts.changed(begunAt, this.#keys.bucketOf(name), identity, by)
  }
}

function isOf(standing: unknown, identity: Identity): boolean {
  return standing === null || standing === undefined || parseStored(standing).identity === identity
}
