import {
  CLAIM_INDEXED,
  CORRECT,
  COUNT,
  MOVE_INDEXED,
  NOTE,
  REFRESH_INDEXED,
  RELEASE_INDEXED,
} from '../../../src/table/redis/index-scripts.ts'
import {
  CLAIM,
  MOVE,
  REFRESH,
  RELEASE,
  REPLACE,
  SET_IF_ABSENT,
  TIME,
} from '../../../src/table/redis/redis-scripts.ts'

/** Where the time of a test begins in that of the server, which never gets there: what the test ends ends by the test alone. */
export const FAR_AHEAD_MS = 4_000_000_000_000

/** What scripts see of a server whose time is that of a test, which comes as one more argument. */
const CLOCKED = `
local server = redis
local shown = tonumber(ARGV[#ARGV])
local function clocked(send)
  return function(command, ...)
    local args = {...}
    if command == 'TIME' then
      return {string.format('%.0f', math.floor(shown / 1000)), string.format('%.0f', shown % 1000 * 1000)}
    end
    if command == 'PTTL' then
      local at = send('PEXPIRETIME', args[1])
      return at < 0 and at or at - ${FAR_AHEAD_MS} - shown
    end
    if command == 'SET' and args[3] == 'PX' then
      args[3], args[4] = 'PXAT', string.format('%.0f', ${FAR_AHEAD_MS} + shown + args[4])
    end
    if command == 'PEXPIRE' then
      command, args[2] = 'PEXPIREAT', string.format('%.0f', ${FAR_AHEAD_MS} + shown + args[2])
    end
    return send(command, unpack(args))
  end
end
local redis = {call = clocked(server.call), pcall = clocked(server.pcall)}
`

const INDEX_SCRIPTS = [CLAIM_INDEXED, MOVE_INDEXED, REFRESH_INDEXED, RELEASE_INDEXED, CORRECT, COUNT, NOTE]

const CLOCKED_TEXTS: ReadonlyMap<string, string> = new Map(
  [...INDEX_SCRIPTS, CLAIM, MOVE, REFRESH, RELEASE, REPLACE, SET_IF_ABSENT, TIME].map(({ sha, text }) => [
    sha,
    CLOCKED + text,
  ]),
)

/** The script of this SHA as it is to be sent to a server whose time is that of a test; undefined for those that know no time. */
export function clockedScript(sha: unknown): string | undefined {
  return CLOCKED_TEXTS.get(String(sha))
}

/** Ends a key whose time is over. ARGV: the moment. */
export const END_IF_DUE = `
local at = redis.call('PEXPIRETIME', KEYS[1])
if at >= 0 and at <= tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end`
