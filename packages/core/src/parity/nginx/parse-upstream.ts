import { type Fail, lineFail, quoted } from './fail.ts'
import type { NginxMethod } from './nginx-scheme.ts'
import type { NginxServer } from './nginx-server.ts'
import { ServerList } from './nginx-server.ts'
import { readServer } from './server-line.ts'
import { type Directive, findUpstream } from './upstream-block.ts'

/** An upstream, understood. */
export interface Upstream {
  readonly method: NginxMethod
  /** The text behind `hash`; none with `ip_hash`. */
  readonly key: string | undefined
  readonly keyLine: number
  readonly servers: readonly NginxServer[]
}

/** Directives that change nothing about which server gets a key. */
const HARMLESS: ReadonlySet<string> = new Set([
  'zone',
  'keepalive',
  'keepalive_requests',
  'keepalive_time',
  'keepalive_timeout',
  'ntlm',
  'resolver',
  'resolver_timeout',
])

const REFUSED: Readonly<Record<string, string>> = {
  least_conn: 'the server with the fewest connections is chosen',
  least_time: 'the fastest server is chosen',
  random: 'servers are chosen at random',
  fair: 'the least busy server is chosen',
  sticky: 'sessions go by their own table or cookie, and by the hash only before that',
  learn: 'sessions go by a table that nginx keeps',
  state: 'the servers stand in another file, and change while nginx runs',
  include: 'what it includes is not in the text',
  queue: 'requests wait for a server where the hash would go on',
  balancer_by_lua_file: 'Lua chooses the server',
}

/**
 * Reads one upstream from the text of a config.
 *
 * @throws StickyError `proxy-config`
 */
export function parseUpstream(text: string, wanted: string | undefined, takesNames: boolean): Upstream {
  const { name, line, directives } = findUpstream(text, wanted)
  const method = readMethod(directives)
  if (!method) {
    throw lineFail(line)(
      `the upstream ${quoted(name)} has neither hash nor ip_hash: servers take turns, whatever the request`,
    )
  }
  const list = new ServerList(method.method === 'hash consistent', takesNames)
  for (const { line: at, words } of directives) {
    if (words[0] === 'server') list.add(readServer(words.slice(1), lineFail(at)), lineFail(at))
  }
  return { ...method, servers: list.all(lineFail(line)) }
}

type Method = Omit<Upstream, 'servers'>

function readMethod(directives: readonly Directive[]): Method | undefined {
  let method: Method | undefined
  for (const { line, words } of directives) {
    const [name = ''] = words
    const fail = lineFail(line)
    if (name === 'server' || HARMLESS.has(name)) continue
    const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (reason !== undefined) throw fail(`${quoted(name)} has no fixed mapping: ${reason}`)
    if (name !== 'hash' && name !== 'ip_hash')
      throw fail(`the directive ${quoted(name)} is not known in an upstream`)
    if (method) throw fail(`${quoted(name)} is a second method; nginx would take one of them and warn`)
    method = name === 'hash' ? hashMethod(words, line, fail) : ipHashMethod(words, line, fail)
  }
  return method
}

function hashMethod([, key, consistent, ...rest]: readonly string[], line: number, fail: Fail): Method {
  if (key === undefined || rest.length > 0) throw fail('"hash" takes a key, and perhaps "consistent"')
  if (consistent === undefined) return { method: 'hash', key, keyLine: line }
  if (consistent !== 'consistent') throw fail(`"hash" has the invalid parameter ${quoted(consistent)}`)
  return { method: 'hash consistent', key, keyLine: line }
}

function ipHashMethod(words: readonly string[], line: number, fail: Fail): Method {
  if (words.length > 1) throw fail('"ip_hash" takes no parameters')
  return { method: 'ip_hash', key: undefined, keyLine: line }
}
