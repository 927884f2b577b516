import type { Identity } from '../../endpoint/endpoint.ts'
import type { ConfirmedCounts, EndpointCounts } from '../capabilities.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisCounts } from './redis-counts.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import { REPLACE } from './redis-scripts.ts'
import { RedisStickyTable, type RedisTable } from './redis-sticky-table.ts'
import { newVersion } from './stored-value.ts'

/** A table on Redis that counts the keys of each endpoint, approximately. @public */
export interface CountingRedisTable extends RedisTable, EndpointCounts, ConfirmedCounts {
  /** How old the last count is, in milliseconds; `Infinity` before the first. */
  readonly countsAgeMs: number
}

/** The longest time that one replica looks whether an endpoint has keys, while the others wait. */
const LOOK_MS = 30_000
/** How long the others go by what it has found. */
const KNOWN_MS = 5_000
const UNBOUND = 'unbound'

/** A table whose keys are counted now and then, by going over all of them. */
export class CountingRedisStickyTable extends RedisStickyTable implements CountingRedisTable {
  readonly #counts: RedisCounts

  constructor(client: RedisClient, options: CheckedRedisOptions, everyMs: number) {
    super(client, options)
    const { clock, countKeysPerSecond } = options
    this.#counts = new RedisCounts({
      clock,
      everyMs,
      walk: (signal) => this.bulk.pages({ signal }, countKeysPerSecond),
      failed: (error) => this.report('count', error),
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

  async isUnbound(identity: Identity): Promise<boolean> {
    const lock = this.keys.lockOf(identity)
    const mine = `looking ${newVersion()}`
    const standing = await this.server.setIfAbsent(lock, mine, LOOK_MS, (before) => before ?? undefined)
    if (standing !== undefined) return standing === UNBOUND
    let bound = 0
    for await (const page of this.bulk.pages()) {
      for (const { stored } of page) if (stored.identity === identity) bound++
    }
    this.#counts.correct(identity, bound)
    await this.server.run(REPLACE, lock, [mine, bound === 0 ? UNBOUND : 'bound', String(KNOWN_MS)])
    return bound === 0
  }

  override async close(): Promise<void> {
    this.#counts.close()
    await super.close()
  }

  protected override changed(identity: Identity, by: 1 | -1): void {
    this.#counts.changed(identity, by)
  }
}
