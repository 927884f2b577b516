import { choiceOption, invalidOption, optionsObject } from '../../option.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import { ADDRESS_KEY } from './address-key.ts'
import { lineFail, optionFail } from './fail.ts'
import { textKey } from './key-text.ts'
import { type NginxMethod, NginxScheme } from './nginx-scheme.ts'
import { type NginxServer, type NginxServerOptions, ServerList } from './nginx-server.ts'
import { joinsHeaderLines } from './nginx-version.ts'
import { parseUpstream } from './parse-upstream.ts'

/** Options of {@link nginxHash}: an upstream of nginx. @public */
export interface NginxHashOptions {
  /** The `server` lines, in the order of the config. */
  readonly servers: readonly NginxServerOptions[]
  /** The directive that chooses: `hash consistent` (ketama), `hash`, or `ip_hash`. */
  readonly method: NginxMethod
  /** The text behind `hash`, such as `$http_x_session`; not with `ip_hash`. */
  readonly key?: string
  /**
   * nginx's version, such as `1.22.1`. Before 1.23 it took the first line of a repeated header, since then it joins them. Default: the
   * current one.
   */
  readonly version?: string
  /**
   * Takes servers with a host name, on the word that each name has exactly one address: nginx takes turns between several, which no key
   * decides. Default false.
   */
  readonly singleAddressNames?: boolean
}

/** Options of {@link NginxHash.parse}. @public */
export interface NginxParseOptions {
  /** Which upstream of the text counts. Default: the only one. */
  readonly upstream?: string
  /** As in {@link NginxHashOptions}. */
  readonly version?: string
  /** As in {@link NginxHashOptions}. */
  readonly singleAddressNames?: boolean
}

/** {@link nginxHash}, and its reader for config texts. @public */
export interface NginxHash {
  /**
   * The mapping of an nginx upstream, to the byte: which server gets a key, and where nginx goes on while servers fail (20 further tries; then it
   * balances by round robin, so that the order ends). An upstream of one server sends it every key. A key of no bytes has no server: nginx balances
   * such requests by round robin.
   *
   * @throws StickyError `invalid-option`
   */
  (options: NginxHashOptions): ParityScheme<NginxServer>
  /**
   * The same from the text of a config: one `upstream`, by itself or in `http` among everything else; up to 1 MiB.
   *
   * @throws StickyError `invalid-option`; `proxy-config` with the line and the reason if the text is broken or has no fixed mapping
   */
  parse(text: string, options?: NginxParseOptions): ParityScheme<NginxServer>
}

const METHODS: readonly NginxMethod[] = ['hash consistent', 'hash', 'ip_hash']
const MOST_TEXT = 1_048_576

/**
 * nginx's `hash` and `ip_hash`. Source: ngx_http_upstream_hash_module.c and ngx_http_upstream_ip_hash_module.c, read from 1.18 (before it an
 * empty key was hashed; the ring is that of 1.7.2) to 1.31; compared with a running 1.22.1.
 *
 * @public
 */
export const nginxHash: NginxHash = Object.assign(fromOptions, { parse: fromText })

function fromOptions(options: NginxHashOptions): ParityScheme<NginxServer> {
  optionsObject('nginxHash', options, ['servers', 'method', 'key', 'version', 'singleAddressNames'])
  const method = choiceOption('nginxHash.method', options.method, METHODS)
  const joinsLines = joinsHeaderLines(options.version, optionFail('nginxHash.version'))
  const takesNames = flagOption('nginxHash.singleAddressNames', options.singleAddressNames)
  if (!Array.isArray(options.servers))
    throw invalidOption('nginxHash.servers', 'a list of servers', options.servers)
  const list = new ServerList(method === 'hash consistent', takesNames)
  for (const [index, server] of options.servers.entries()) {
    const path = `nginxHash.servers[${index}]`
    list.add(optionsObject(path, server, ['server', 'weight', 'down']), optionFail(path))
  }
  const servers = list.all(optionFail('nginxHash.servers'))
  if (method === 'ip_hash') {
    if (options.key !== undefined) throw invalidOption('nginxHash.key', 'none with ip_hash', options.key)
    return new NginxScheme(method, servers, ADDRESS_KEY)
  }
  const key = textKey(options.key ?? '', joinsLines, optionFail('nginxHash.key'))
  return new NginxScheme(method, servers, key)
}

function fromText(text: string, options: NginxParseOptions = {}): ParityScheme<NginxServer> {
  optionsObject('nginxHash.parse', options, ['upstream', 'version', 'singleAddressNames'])
  if (typeof text !== 'string' || text.length > MOST_TEXT) {
    throw invalidOption('nginxHash.parse.text', `a text of at most ${MOST_TEXT} characters`, text)
  }
  if (options.upstream !== undefined && typeof options.upstream !== 'string') {
    throw invalidOption('nginxHash.parse.upstream', 'the name of an upstream', options.upstream)
  }
  const joinsLines = joinsHeaderLines(options.version, optionFail('nginxHash.parse.version'))
  const takesNames = flagOption('nginxHash.parse.singleAddressNames', options.singleAddressNames)
  const { method, key, keyLine, servers } = parseUpstream(text, options.upstream, takesNames)
  return new NginxScheme(
    method,
    servers,
    key === undefined ? ADDRESS_KEY : textKey(key, joinsLines, lineFail(keyLine)),
  )
}

function flagOption(path: string, value: unknown = false): boolean {
  if (typeof value !== 'boolean') throw invalidOption(path, 'true or false', value)
  return value
}
