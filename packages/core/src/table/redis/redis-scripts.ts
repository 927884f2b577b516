import { hash } from 'node:crypto'
import { STANDING } from './binding-script.ts'
import type { RedisScript } from './redis-client.ts'

/**
 * Moves a binding of one version, or binds a key that has none. ARGV: version expected; new version, life, absolute timeout, identity; channel
 * on which the change is told, if it is not empty. Answers, as all that follow, whether it did, what then stands, and the server's time.
 */
export const MOVE: RedisScript = script(`${STANDING}
local value, till
if not old then value, till = fresh(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
elseif version ~= ARGV[1] then return {0, old, now}
else
  till = capped(now + ARGV[3])
  local flag = deadline and 'b' or 'm'
  local ending = deadline and text(deadline) or ''
  value = '1' .. ARGV[2] .. text(created) .. text(till) .. flag .. ending .. text(now) .. ARGV[5]
end
redis.call('SET', KEYS[1], value, 'PX', till - now)
if ARGV[6] ~= '' then redis.call('PUBLISH', ARGV[6], KEYS[1]) end
return {1, value, now}`)

/**
 * Binds a key that has no binding: for those whose value has moments that cannot be, or a deadline that has passed. ARGV: version, life,
 * absolute timeout, identity.
 */
export const CLAIM: RedisScript = script(`${STANDING}
if old then return {0, old, now} end
local value, till = fresh(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
redis.call('SET', KEYS[1], value, 'PX', till - now)
return {1, value, now}`)

/**
 * Counts a use of a binding of one version: lengthens its life, and never shortens it. One that arrives too late, as clients send again what
 * a broken connection had swallowed, counts no more. ARGV: version, life, when it was used, how much later than that it still counts.
 */
export const REFRESH: RedisScript = script(`${STANDING}
if not old or version ~= ARGV[1] or now - ARGV[3] > tonumber(ARGV[4]) then return {0, old, now} end
local till = capped(now + ARGV[2])
if till <= ends then return {0, old, now} end
local value = string.sub(old, 1, 14) .. text(till) .. string.sub(old, 22)
redis.call('SET', KEYS[1], value, 'PX', till - now)
return {1, value, now}`)

/** Ends a binding, of one version if it is given. ARGV: version or an empty text, channel as of a move. */
export const RELEASE: RedisScript = script(`${STANDING}
if not old or (ARGV[1] ~= '' and version ~= ARGV[1]) then return {0, old, now} end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], KEYS[1]) end
return {1, old, now}`)

/** `SET NX GET PX`, for servers that do not have it. ARGV: value, life. */
export const SET_IF_ABSENT: RedisScript = script(`
local old = redis.call('GET', KEYS[1])
if old then return {0, old} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, ARGV[1]}`)

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
