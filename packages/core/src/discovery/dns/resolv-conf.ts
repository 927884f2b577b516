import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isName, plainName } from './name.ts'
import { DNS_PORT, type ServerAddress, serverAddress } from './server-address.ts'

/** What a file such as /etc/resolv.conf says. */
export interface ResolvConf {
  readonly servers: readonly ServerAddress[]
  /** Domains that short names are tried in; '' = the root. */
  readonly search: readonly string[]
  readonly ndots: number
  readonly timeoutMs: number
  readonly attempts: number
  readonly rotate: boolean
  readonly transport: 'udp' | 'tcp'
}

/** resolv.conf(5): MAXNS. */
const MAX_SERVERS = 3
/** glibc has no limit since 2.26, but each domain is a query for every short name. Kubernetes allows as many. */
const MAX_SEARCH = 32

/**
 * Reads the text of a resolv.conf as resolv.conf(5) says: unknown lines and options are ignored, the last `search` or
 * `domain` counts, options add up and are capped (ndots 15, timeout 30 s, attempts 5). The environment (`LOCALDOMAIN`,
 * `RES_OPTIONS`) is not read.
 *
 * @param host - name of this host; its domain is the search list where the file has none
 */
export function parseResolvConf(text: string, host: string = hostname()): ResolvConf {
  const servers: ServerAddress[] = []
  let search = host.includes('.') ? domains([host.slice(host.indexOf('.') + 1)]) : []
  const options = { ndots: 1, timeoutS: 5, attempts: 2, rotate: false, transport: 'udp' as 'udp' | 'tcp' }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trimEnd().split(/[ \t]+/)
    switch (keyword) {
      case 'nameserver': {
        const server = serverAddress(values[0] ?? '')
        // A port cannot be written here; what looks like one is a mistake.
        if (server && server.host === values[0] && servers.length < MAX_SERVERS) servers.push(server)
        break
      }
      case 'domain':
        search = domains(values.slice(0, 1))
        break
      case 'search':
        search = domains(values)
        break
      case 'options':
        for (const value of values) readOption(value, options)
        break
    }
  }
  const { timeoutS, ...rest } = options
  return {
    servers: servers.length > 0 ? servers : [{ host: '127.0.0.1', port: DNS_PORT }],
    search,
    timeoutMs: timeoutS * 1_000,
    ...rest,
  }
}

function domains(values: readonly string[]): string[] {
  return values
    .map(plainName)
    .filter((domain) => domain === '' || isName(domain))
    .slice(0, MAX_SEARCH)
}

function readOption(
  text: string,
  options: {
    ndots: number
    timeoutS: number
    attempts: number
    rotate: boolean
    transport: 'udp' | 'tcp'
  },
): void {
  const [name, digits] = text.split(':')
  const number = /^\d+$/.test(digits ?? '') ? Number(digits) : undefined
  if (name === 'rotate') options.rotate = true
  if (name === 'use-vc') options.transport = 'tcp'
  if (number === undefined) return
  if (name === 'ndots') options.ndots = Math.min(number, 15)
  if (name === 'timeout') options.timeoutS = Math.min(Math.max(number, 1), 30)
  if (name === 'attempts') options.attempts = Math.min(Math.max(number, 1), 5)
}

/** A resolv.conf that is read again when the file has changed. */
export class ResolvConfFile {
  readonly #path: string
  #state = ''
  #current: ResolvConf | undefined = undefined

  constructor(path: string) {
    this.#path = path
  }

  /** What the file says now; what it said last where it cannot be read; the defaults where it never could. */
  async read(): Promise<ResolvConf> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#path)
      const state = `${mtimeMs} ${ino} ${size}`
      if (!this.#current || state !== this.#state) {
        this.#current = parseResolvConf(await readFile(this.#path, 'utf8'))
        this.#state = state
      }
    } catch {
      this.#current ??= parseResolvConf('')
    }
    return this.#current
  }
}
