import { hash } from 'node:crypto'
import type { RedisScript } from './redis-client.ts'

/**
 * What stands, if it does: `now` is a moment as text, which compares as the number does. A value of another format is answered as it
 * is, and never changed.
 */
const STANDING = `
local old = redis.call('GET', KEYS[1])
if old and string.sub(old, 1, 1) ~= '1' then return {0, old} end
local function stands(now)
  if not old or string.sub(old, 15, 21) <= now then return false end
  local flags = string.sub(old, 22, 22)
  return not ((flags == 'd' or flags == 'b') and string.sub(old, 23, 29) <= now)
end
`

/**
 * Moves a binding of one version, or binds a key that has none. ARGV: version expected, now, new version, until, life in
 * milliseconds, identity, value for a key without binding, channel on which the change is told, if it is not empty. Answers whether it did, and
 * what then stands.
 */
export const MOVE: RedisScript = script(`${STANDING}
local value
if not stands(ARGV[2]) then value = ARGV[7]
elseif string.sub(old, 2, 7) ~= ARGV[1] then return {0, old}
else
  local flags = string.sub(old, 22, 22)
  local deadline = ''
  if flags == 'd' or flags == 'b' then deadline = string.sub(old, 23, 29) end
  if flags == 'd' or flags == 'b' then flags = 'b' else flags = 'm' end
  value = '1' .. ARGV[3] .. string.sub(old, 8, 14) .. ARGV[4] .. flags .. deadline .. ARGV[2] .. ARGV[6]
end
redis.call('SET', KEYS[1], value, 'PX', ARGV[5])
if ARGV[8] ~= '' then redis.call('PUBLISH', ARGV[8], KEYS[1]) end
return {1, value}`)

/** Binds a key that has no binding. ARGV: now, value, life. For servers without \`SET NX GET\`, and for bindings whose time is over. */
export const CLAIM: RedisScript = script(`${STANDING}
if stands(ARGV[1]) then return {0, old} end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {1, ARGV[2]}`)

/** Lengthens the life of a binding of one version. ARGV: version, now, until, life. */
export const REFRESH: RedisScript = script(`${STANDING}
if not stands(ARGV[2]) or string.sub(old, 2, 7) ~= ARGV[1] or string.sub(old, 15, 21) >= ARGV[3] then return {0, old} end
local value = string.sub(old, 1, 14) .. ARGV[3] .. string.sub(old, 22)
redis.call('SET', KEYS[1], value, 'PX', ARGV[4])
return {1, value}`)

/** Ends a binding, of one version if it is given. ARGV: version or an empty text, now, channel as of a move. */
export const RELEASE: RedisScript = script(`${STANDING}
if not stands(ARGV[2]) or (ARGV[1] ~= '' and string.sub(old, 2, 7) ~= ARGV[1]) then return {0, old} end
redis.call('DEL', KEYS[1])
if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3], KEYS[1]) end
return {1, old}`)

/** Replaces a value by another. ARGV: the value expected, the new one, its life. */
export const REPLACE: RedisScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0} end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {1, ARGV[2]}`)

/** The server's time: seconds and microseconds. Its key only says which server of a Cluster is asked. */
export const TIME: RedisScript = script(`return redis.call('TIME')`)

/** A script with its SHA-1. */
export function script(text: string): RedisScript {
  return { text, sha: hash('sha1', text, 'hex') }
}
