import { DIGITS } from './stored-value.ts'

/** Larger errors of a client's moments are put right; smaller ones are those of an estimate, and rule 12 has more slack. */
export const CLOCK_ERROR_MS = 100

/** Moments as texts and as numbers, as `stored-value.ts` has them. */
const MOMENTS = `
local DIGITS = '${DIGITS}'
local function text(ms)
  local digits = ''
  ms = math.max(0, ms)
  for _ = 1, 7 do
    local digit = ms % 64
    digits = string.sub(DIGITS, digit + 1, digit + 1) .. digits
    ms = (ms - digit) / 64
  end
  return digits
end
local old = redis.call('GET', KEYS[1])
local function moment(at)
  local ms = 0
  for i = at, at + 6 do ms = ms * 64 + string.find(DIGITS, string.sub(old, i, i), 1, true) - 1 end
  return ms
end
`

/**
 * What scripts on bindings begin with: `now` is the server's time; what stands by it is `old`, with its `version` and the moments
 * `created`, `ends` and `deadline`, or false. A key that exists stands, unless its deadline has passed. A value of another format, or a damaged
 * one, is answered as it is, and never changed.
 *
 * A claim is written with the moments of its client, whose estimate of the server's time may be wrong. When Redis will end the key tells by how
 * much: its moments are put right together, before anything is judged by them. What a script has written is right.
 */
export const STANDING: string = `${MOMENTS}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version, created, ends, deadline
if old then
  local flag = string.sub(old, 22, 22)
  local hasDeadline = flag == 'd' or flag == 'b'
  local rest = hasDeadline and 30 or 23
  local head = string.sub(old, 2, 21) .. (hasDeadline and string.sub(old, 23, 29) or '')
  if string.sub(old, 1, 1) ~= '1' or not string.find(flag, '^[-dmb]$') or #old < rest
    or string.find(head, '[^%w_%-]') then return {0, old, now} end
  version, created, ends = string.sub(old, 2, 7), moment(8), moment(15)
  if hasDeadline then deadline = moment(23) end
  local left = redis.call('PTTL', KEYS[1])
  local off = now + left - ends
  if left >= 0 and math.abs(off) > ${CLOCK_ERROR_MS} then
    created, ends = created + off, ends + off
    if deadline then deadline = deadline + off end
    old = '1' .. version .. text(created) .. text(ends) .. flag .. (deadline and text(deadline) or '') .. string.sub(old, rest)
    -- Without memory for it, it is put right by whoever comes next.
    redis.pcall('SET', KEYS[1], old, 'KEEPTTL')
  end
  if deadline and deadline <= now then old = false end
end
local function capped(moment)
  return deadline and math.min(moment, deadline) or moment
end
local function fresh(version, life, absolute, identity)
  local till = now + math.min(life, absolute == '' and life or absolute)
  local flag = absolute == '' and '-' or 'd' .. text(now + absolute)
  return '1' .. version .. text(now) .. text(till) .. flag .. identity, till
end
`
