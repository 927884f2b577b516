import { CountingRedisStickyTable, type CountingRedisTable } from './counting-redis-table.ts'
import { IndexedRedisStickyTable, type IndexedRedisTable } from './indexed-redis-table.ts'
import type { RedisClient } from './redis-client.ts'
import { checkRedisOptions, type RedisTableOptions } from './redis-options.ts'
import { RedisStickyTable, type RedisTable } from './redis-sticky-table.ts'

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
export function redisTable(
  client: RedisClient,
  options: RedisTableOptions & { readonly countEveryMs: number },
): CountingRedisTable
/** @public */
export function redisTable(
  client: RedisClient,
  options: RedisTableOptions & { readonly index: true },
): IndexedRedisTable
/** @public */
export function redisTable(client: RedisClient, options: RedisTableOptions): RedisTable
export function redisTable(client: RedisClient, options: RedisTableOptions): RedisTable {
  const checked = checkRedisOptions('redisTable', options)
  const { countEveryMs, index } = checked
  if (index) return new IndexedRedisStickyTable(client, checked)
  if (countEveryMs === undefined) return new RedisStickyTable(client, checked)
  return new CountingRedisStickyTable(client, checked, countEveryMs)
}
