import { type Clock, systemClock } from '../../clock.ts'
import { StickyError } from '../../error.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../option.ts'
import type { Extension } from './encode.ts'
import { exchange } from './exchange.ts'
import { RCODE } from './message.ts'
import { isName, nameOption } from './name.ts'
import { MAX_ALIASES, type Reading, readAnswer } from './read-answer.ts'
import { parseResolvConf, type ResolvConf, ResolvConfFile } from './resolv-conf.ts'
import type { Answer, RecordType, Resolver } from './resolver.ts'
import { namesToTry } from './search-list.ts'
import { type ServerAddress, serverOption, serverText } from './server-address.ts'
import { Slots } from './slots.ts'

/** Options of {@link dnsResolver}. What is not given here is taken from the file. @public */
export interface DnsResolverOptions {
  /** Addresses of DNS servers, 1 to 16: `10.0.0.10`, `10.0.0.10:5353`, `[fd00::a]:53`. Default: those of the file. */
  readonly servers?: readonly string[]
  /**
   * The file with the defaults of all other options, read again whenever it has changed; `false` = no file, and
   * resolv.conf(5)'s own defaults. Default `/etc/resolv.conf`. A file that is not there is as an empty one.
   */
  readonly resolvConf?: string | false
  /** Domains that short names are tried in, at most 32. Default: those of the file. */
  readonly search?: readonly string[]
  /** A name with at least as many dots is tried as it is first, 0 to 15. Default: as the file says, else 1. */
  readonly ndots?: number
  /** How long one server may take for one answer, in milliseconds. Default: as the file says, else 5 000. */
  readonly timeoutMs?: number
  /** How often each server is asked before the name counts as failed, 1 to 5. Default: as the file says, else 2. */
  readonly attempts?: number
  /**
   * Which server is asked first: `sticky` = the one that answered last, or the one after it once it fails: a dead one costs its timeout once;
   * `rotate` = each in turn. Default: `rotate` if the file says so, else `sticky`.
   */
  readonly order?: 'sticky' | 'rotate'
  /** `tcp` never asks over UDP. Default: as the file says (`use-vc`), else `udp` with TCP for what does not fit. */
  readonly transport?: 'udp' | 'tcp'
  /** Times out queries. Default: the clock of this process. */
  readonly clock?: Clock
}

/** Queries under way at once. Each is a socket; a Service of thousands of SRV targets must not take them all. */
const MAX_QUERIES = 64
const MAX_SEARCH = 32

/**
 * A resolver of our own, over UDP and TCP, that tells the TTL of every answer, which node's does for addresses alone.
 *
 * It reads resolv.conf(5), with search list and `ndots` as glibc treats them, uses EDNS0 and falls back to plain DNS,
 * follows aliases, takes no answer that does not fit its question (RFC 5452), and keeps nothing: there is no cache. It
 * asks the servers of the file and trusts them; DNSSEC is theirs.
 *
 * One departure from glibc: if one of the names to try fails (SERVFAIL, time-out), the others do not make it "no such
 * name", because an absence that is not certain must not take endpoints away.
 *
 * Its sockets do not keep the process alive. It owns nothing between calls, so there is nothing to close.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function dnsResolver(options: DnsResolverOptions = {}): Resolver {
  return new WireResolver(options)
}

class WireResolver implements Resolver {
  readonly #settings: () => Promise<ResolvConf>
  readonly #clock: Clock
  readonly #slots = new Slots(MAX_QUERIES)
  /** Servers that do not understand EDNS0, so that they are not asked twice each time. */
  readonly #plainServers = new Set<string>()
  /** Index of the server that is asked first. */
  #first = 0

  constructor(options: DnsResolverOptions) {
    const { resolvConf = '/etc/resolv.conf', clock = systemClock } = options
    const given = givenSettings(options)
    if (resolvConf !== false && (typeof resolvConf !== 'string' || resolvConf === '')) {
      throw invalidOption('dnsResolver.resolvConf', 'a path or false', resolvConf)
    }
    this.#clock = contractOption('dnsResolver.clock', clock, 'Clock', ['now', 'after'])
    if (resolvConf === false) {
      const settings = { ...parseResolvConf('', ''), ...given }
      this.#settings = () => Promise.resolve(settings)
    } else {
      const file = new ResolvConfFile(resolvConf)
      this.#settings = async () => ({ ...(await file.read()), ...given })
    }
  }

  async resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
    nameOption('name', name)
    choiceOption('type', type, ['A', 'AAAA', 'SRV'])
    signal.throwIfAborted()
    const settings = await this.#settings()
    let absent: Answer = { kind: 'no-name', ttlMs: Number.POSITIVE_INFINITY }
    let failure: unknown
    for (const candidate of namesToTry(name, settings.search, settings.ndots)) {
      try {
        const answer = await this.#follow(candidate, type, settings, signal)
        if (answer.kind === 'records') return answer
        absent = {
          kind: absent.kind === 'no-data' ? 'no-data' : answer.kind,
          ttlMs: Math.min(absent.ttlMs, answer.ttlMs),
        }
      } catch (error) {
        signal.throwIfAborted()
        failure ??= error
      }
    }
    if (failure) throw failure
    return absent
  }

  /** The answer for exactly this name, aliases followed where the server has not. */
  async #follow(name: string, type: RecordType, settings: ResolvConf, signal: AbortSignal): Promise<Answer> {
    let ttlMs = Number.POSITIVE_INFINITY
    let asked = name
    for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
      const reading = await this.#ask(asked, type, settings, signal)
      ttlMs = Math.min(ttlMs, reading.kind === 'alias' ? reading.ttlMs : reading.answer.ttlMs)
      if (reading.kind === 'answer') return { ...reading.answer, ttlMs }
      asked = reading.target
      if (!isName(asked))
        throw new StickyError('dns', `${name} ${type}: is an alias of no name that can be asked for`)
    }
    throw new StickyError('dns', `${name} ${type}: its aliases do not end`)
  }

  /** Asks one server after the other, as often as may be, until one knows. */
  async #ask(name: string, type: RecordType, settings: ResolvConf, signal: AbortSignal): Promise<Reading> {
    const { servers, attempts, rotate } = settings
    let first: number | undefined
    let failure: unknown
    for (let attempt = 0; attempt < attempts * servers.length; attempt++) {
      try {
        return await this.#slots.run(signal, async () => {
          // Chosen when its turn has come: who waits must not wait for a server that has been found dead meanwhile.
          first ??= this.#firstOf(servers.length, rotate)
          const index = (first + attempt) % servers.length
          try {
            const reading = await this.#askServer(
              servers[index] as ServerAddress,
              name,
              type,
              settings,
              signal,
            )
            if (!rotate) this.#first = index
            return reading
          } catch (error) {
            if (!rotate && !signal.aborted && this.#first === index)
              this.#first = (index + 1) % servers.length
            throw error
          }
        })
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    const why = failure instanceof Error ? failure.message : String(failure)
    throw new StickyError('dns', `${name} ${type}: ${why}`, { cause: failure })
  }

  #firstOf(count: number, rotate: boolean): number {
    // The file may name fewer servers than before.
    const first = this.#first % count
    if (rotate) this.#first = first + 1
    return first
  }

  async #askServer(
    server: ServerAddress,
    name: string,
    type: RecordType,
    { timeoutMs, transport }: ResolvConf,
    signal: AbortSignal,
  ): Promise<Reading> {
    const ask = (extension: Extension) =>
      exchange({ name, type, server, extension, timeoutMs, clock: this.#clock, signal }, transport)
    const text = serverText(server)
    if (this.#plainServers.has(text)) return readAnswer(await ask('plain'), name, type)
    const message = await ask('edns')
    // RFC 6891, 7: a server that does not know OPT says one of these.
    const refused = [RCODE.FORMERR, RCODE.NOTIMP, RCODE.BADVERS] as readonly number[]
    if (!refused.includes(message.rcode)) return readAnswer(message, name, type)
    const plain = readAnswer(await ask('plain'), name, type)
    this.#plainServers.add(text)
    return plain
  }
}

/** Those settings that the options name, checked. */
function givenSettings(options: DnsResolverOptions): Partial<ResolvConf> {
  const path = 'dnsResolver'
  optionsObject(path, options, [
    'servers',
    'resolvConf',
    'search',
    'ndots',
    'timeoutMs',
    'attempts',
    'order',
    'transport',
    'clock',
  ])
  const { servers, search, ndots, timeoutMs, attempts, order, transport } = options
  const list = (name: string, value: unknown, min: number, max: number) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      throw invalidOption(`${path}.${name}`, `a list of ${min} to ${max}`, value)
    }
    return value.map((item, index) => [`${path}.${name}[${index}]`, item] as const)
  }
  return {
    ...(servers && { servers: list('servers', servers, 1, 16).map(([at, item]) => serverOption(at, item)) }),
    ...(search && {
      search: list('search', search, 0, MAX_SEARCH).map(([at, item]) => nameOption(at, item)),
    }),
    ...(ndots !== undefined && { ndots: integerOption(`${path}.ndots`, ndots, 0, 15) }),
    ...(timeoutMs !== undefined && {
      timeoutMs: durationOption(`${path}.timeoutMs`, timeoutMs, 1, 'finite'),
    }),
    ...(attempts !== undefined && { attempts: integerOption(`${path}.attempts`, attempts, 1, 5) }),
    ...(order !== undefined && {
      rotate: choiceOption(`${path}.order`, order, ['sticky', 'rotate']) === 'rotate',
    }),
    ...(transport !== undefined && {
      transport: choiceOption(`${path}.transport`, transport, ['udp', 'tcp']),
    }),
  }
}
