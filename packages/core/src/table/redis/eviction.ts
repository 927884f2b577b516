import type { RedisScript } from './redis-client.ts'
import { script } from './redis-scripts.ts'

/** What a server does when its memory is full. */
export const MEMORY: RedisScript = script(`return redis.call('INFO', 'memory')`)

/** Why bindings may end before their time on a server with this `INFO memory`; undefined where they do not, or where it cannot be told. */
export function evictionWarning(info: unknown): string | undefined {
  if (typeof info !== 'string') return undefined
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1])
  if (policy === undefined || policy === 'noeviction' || !(limit > 0)) return undefined
  return `Redis evicts bindings before their time when it reaches its maxmemory of ${limit} bytes (maxmemory-policy ${policy}); with noeviction it refuses new ones instead, and Limpet places them by hash`
}
