import { STANDING } from './binding-script.ts'
import type { RedisScript } from './redis-client.ts'
import { script } from './redis-scripts.ts'

/** What scripts on bindings with an index begin with: KEYS[1] is the binding, of which `identity` stands besides what others have, too. */
const INDEXED = `${STANDING}
local identity
if old then
  local flag = string.sub(old, 22, 22)
  identity = string.sub(old, (flag == '-' and 23) or (flag == 'b' and 37) or 30)
end
local function enter(index, member, till)
  redis.call('ZADD', index, till, member)
  -- Lives at least as long as what is in it, and a quarter longer, so that this is not written each time.
  if redis.call('PTTL', index) < till - now then redis.call('PEXPIRE', index, math.ceil((till - now) * 1.25)) end
end
local function bind(index, member, value, till)
  redis.call('SET', KEYS[1], value, 'PX', till - now)
  enter(index, member, till)
  -- Two go for one that comes, so a set never holds many that have ended.
  local over = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, 2)
  if #over > 0 then redis.call('ZREM', index, unpack(over)) end
end
local function tell(channel, message)
  if channel ~= '' then redis.call('PUBLISH', channel, message) end
end
`

/**
 * Binds a key that has no binding. KEYS: binding, index of the endpoint. ARGV: member of the index; version, life, absolute timeout or an empty
 * text, identity. Answers, as those that follow, whether it did, and what then stands.
 */
export const CLAIM_INDEXED: RedisScript = script(`${INDEXED}
if old then return {0, old, now} end
local value, till = fresh(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
bind(KEYS[2], ARGV[1], value, till)
return {1, value, now}`)

/**
 * Moves a binding of one version, or binds a key that has none. KEYS: binding, index of the endpoint to bind to, index of the one before. ARGV:
 * as of a claim; version and identity expected; channel and message by which the change is told, if the channel is not empty.
 */
export const MOVE_INDEXED: RedisScript = script(`${INDEXED}
if old and (version ~= ARGV[6] or identity ~= ARGV[7]) then return {0, old, now} end
local value, till = fresh(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
if old then
  till = capped(now + ARGV[3])
  value = '1' .. ARGV[2] .. text(created) .. text(till) .. (deadline and 'b' .. text(deadline) or 'm') .. text(now) .. ARGV[5]
end
redis.call('ZREM', KEYS[3], ARGV[1])
bind(KEYS[2], ARGV[1], value, till)
tell(ARGV[8], ARGV[9])
return {1, value, now}`)

/** Counts a use, as `REFRESH` does. KEYS: binding, its index. ARGV: member, version, life, identity, when it was used, how much later it still counts. */
export const REFRESH_INDEXED: RedisScript = script(`${INDEXED}
if not old or version ~= ARGV[2] or identity ~= ARGV[4] then return {0, old, now} end
if now - ARGV[5] > tonumber(ARGV[6]) then return {0, old, now} end
local till = capped(now + ARGV[3])
if till <= ends then return {0, old, now} end
local value = string.sub(old, 1, 14) .. text(till) .. string.sub(old, 22)
bind(KEYS[2], ARGV[1], value, till)
return {1, value, now}`)

/**
 * Ends a binding to an endpoint, of one version if it is given. KEYS: binding, index of the endpoint. ARGV: member, version or an empty
 * text, identity, channel and message. Where the key is not bound to the endpoint, the index forgets that it was.
 */
export const RELEASE_INDEXED: RedisScript = script(`${INDEXED}
local isThere = old and identity == ARGV[3]
if isThere and ARGV[2] ~= '' and version ~= ARGV[2] then return {0, old, now} end
redis.call('ZREM', KEYS[2], ARGV[1])
if not isThere then return {0, old, now} end
redis.call('DEL', KEYS[1])
tell(ARGV[4], ARGV[5])
return {1, old, now}`)

/**
 * Puts right what an index says of a key. KEYS: binding, index of an endpoint. ARGV: member, identity of the endpoint. Answers
 * whether it was wrong.
 */
export const CORRECT: RedisScript = script(`${INDEXED}
local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
if old and identity == ARGV[2] then
  if score and tonumber(score) == ends then return {0, old, now} end
  enter(KEYS[2], ARGV[1], ends)
  return {1, old, now}
end
if not score then return {0, old, now} end
redis.call('ZREM', KEYS[2], ARGV[1])
return {tonumber(score) > now and 1 or 0, old, now}`)

/** How many keys that have ended a count clears away in each set. */
const CLEARED = 500

/** Keys bound by each of some indexes, at the time of the server. KEYS: the indexes. Answers 1 and the numbers. */
export const COUNT: RedisScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local counts = {}
for i, index in ipairs(KEYS) do
  local over = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, ${CLEARED})
  if #over > 0 then redis.call('ZREM', index, unpack(over)) end
  counts[i] = redis.call('ZCOUNT', index, '(' .. now, '+inf')
end
return {1, counts}`)

/** One page of an index, by ZSCAN: each member that is in it throughout comes at least once. ARGV: cursor, count. Answers 1 and the page. */
export const PAGE: RedisScript = script(`return {1, redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])}`)

/** Notes that an endpoint may have keys. ARGV: identity, how long that is remembered in milliseconds. */
export const NOTE: RedisScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, ARGV[1]}`)

/** The endpoints that may have keys. Answers 1 and their identities. */
export const NOTED: RedisScript = script(`return {1, redis.call('ZRANGE', KEYS[1], 0, -1)}`)
