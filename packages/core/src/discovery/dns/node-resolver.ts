import { promises as dns } from 'node:dns'
import { StickyError } from '../../error.ts'
import { durationOption, integerOption, invalidOption, optionsObject } from '../../option.ts'
import { nameOption, plainName } from './name.ts'
import type { Answer, DnsRecord, RecordType, Resolver } from './resolver.ts'

/** Options of {@link nodeResolver}. @public */
export interface NodeResolverOptions {
  /** Addresses of DNS servers, as `dns.setServers()` takes them. Default: those node finds. */
  readonly servers?: readonly string[]
  /** How long one server may take, in milliseconds. Default: as node, which doubles it with each try. */
  readonly timeoutMs?: number
  /** How often each server is asked, 1 to 5. Default 2. */
  readonly attempts?: number
  /**
   * What stands for the TTL of answers that node tells none of, SRV records and absent names, in milliseconds.
   * Default 5 000, the TTL of a Kubernetes cluster's own names.
   */
  readonly assumedTtlMs?: number
}

/**
 * Node's own resolver (c-ares) as a {@link Resolver}: another implementation of the same protocol, for whoever trusts it
 * more. It tells the TTL of addresses alone, knows no search list (every name is taken as absolute) and times out by its own
 * clock.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function nodeResolver(options: NodeResolverOptions = {}): Resolver {
  const path = 'nodeResolver'
  optionsObject(path, options, ['servers', 'timeoutMs', 'attempts', 'assumedTtlMs'])
  const { servers, timeoutMs, attempts = 2, assumedTtlMs = 5_000 } = options
  const settings = {
    tries: integerOption(`${path}.attempts`, attempts, 1, 5),
    ...(timeoutMs !== undefined && {
      timeout: durationOption(`${path}.timeoutMs`, timeoutMs, 1, 'finite'),
    }),
  }
  durationOption(`${path}.assumedTtlMs`, assumedTtlMs, 0, 'finite')
  const makeResolver = () => {
    const resolver = new dns.Resolver(settings)
    if (servers) resolver.setServers(servers)
    return resolver
  }
  try {
    makeResolver()
  } catch {
    throw invalidOption(`${path}.servers`, 'a list of IP addresses', servers)
  }
  return {
    async resolve(name, type, signal) {
      nameOption('name', name)
      signal.throwIfAborted()
      // One for each call: `cancel()` ends all queries of a resolver.
      const resolver = makeResolver()
      const abort = () => resolver.cancel()
      signal.addEventListener('abort', abort, { once: true })
      try {
        return await ask(resolver, plainName(name), type, assumedTtlMs)
      } catch (cause) {
        signal.throwIfAborted()
        return withoutRecords(name, type, cause, assumedTtlMs)
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}

async function ask(
  resolver: dns.Resolver,
  owner: string,
  type: RecordType,
  assumedTtlMs: number,
): Promise<Answer> {
  if (type === 'SRV') {
    const services = await resolver.resolveSrv(owner)
    const records = services.map(({ name, ...fields }) => ({ type, ...fields, target: plainName(name) }))
    return answer(owner, records, assumedTtlMs)
  }
  const found = await (type === 'A'
    ? resolver.resolve4(owner, { ttl: true })
    : resolver.resolve6(owner, { ttl: true }))
  const records = found.map(({ address }) => ({ type, address }))
  return answer(owner, records, Math.min(...found.map(({ ttl }) => ttl * 1_000)))
}

function answer(owner: string, records: readonly DnsRecord[], ttlMs: number): Answer {
  return records.length === 0 ? { kind: 'no-data', ttlMs } : { kind: 'records', records, owner, ttlMs }
}

function withoutRecords(name: string, type: RecordType, cause: unknown, ttlMs: number): Answer {
  const code = (cause as { code?: unknown }).code
  if (code === 'ENODATA') return { kind: 'no-data', ttlMs }
  if (code === 'ENOTFOUND') return { kind: 'no-name', ttlMs }
  throw new StickyError('dns', `${name} ${type}: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  })
}
