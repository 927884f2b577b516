import type { RedisTableOptions } from '../../../src/table/redis/redis-options.ts'
import type { TablePlace } from './open-table.ts'

/** After which a client connects anew. */
export const RECONNECT_MS = 50

/** How old a near cache's answer may be while it is not told of changes; settled well before a fault counts as over. */
export const NEAR_AGE_MS = 200

/** The time-out is long, so that a machine with much else to do is not taken for an outage. */
export function redisOptions({ clock, rules }: TablePlace): RedisTableOptions {
  return {
    pool: 'proof',
    clock,
    idleTimeoutMs: rules.idleTimeoutMs,
    absoluteTimeoutMs: rules.absoluteTimeoutMs,
    callTimeoutMs: 500,
    probeMs: 100,
  }
}
