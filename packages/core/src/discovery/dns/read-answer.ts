import { StickyError } from '../../error.ts'
import { type Message, RCODE, rcodeName, type WireRecord } from './message.ts'
import type { Answer, DnsRecord, RecordType } from './resolver.ts'

/** The longest chain of aliases that is followed. CNAMEs of CNAMEs are rare; sixteen of them are a mistake. */
export const MAX_ALIASES = 16

/** What one message says of a name: an answer, or that the name is an alias whose records have to be asked for. */
export type Reading =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'alias'; readonly target: string; readonly ttlMs: number }

/**
 * Reads the answer to a question from a message.
 *
 * @throws StickyError `dns` for a response code that means failure, a loop of aliases, and a referral to other servers
 */
export function readAnswer(message: Message, name: string, type: RecordType): Reading {
  if (message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN) {
    throw new StickyError('dns', `the server answered ${rcodeName(message.rcode)}`)
  }
  const chain = followAliases(message, name)
  const found = message.answers.filter(({ name: owner, data }) => owner === chain.owner && data.type === type)
  if (found.length === 0) return withoutRecords(message, chain)
  const additional = completeAddresses(found, message)
  const ttlMs = shortestMs([...chain.aliases, ...found, ...additional])
  const records = found.map(({ data }) => data as DnsRecord)
  const answer: Answer = {
    kind: 'records',
    records: additional.length > 0 ? withAddresses(records, additional) : records,
    owner: chain.owner,
    ttlMs,
  }
  return { kind: 'answer', answer }
}

interface Chain {
  /** The name at the end of the aliases. */
  readonly owner: string
  readonly aliases: readonly WireRecord[]
}

function followAliases(message: Message, name: string): Chain {
  const aliases: WireRecord[] = []
  let owner = name
  for (;;) {
    const alias = message.answers.find((record) => record.name === owner && record.data.type === 'CNAME')
    if (alias?.data.type !== 'CNAME') return { owner, aliases }
    if (aliases.push(alias) > MAX_ALIASES) throw new StickyError('dns', `the aliases of ${name} do not end`)
    owner = alias.data.target
  }
}

function withoutRecords(message: Message, { owner, aliases }: Chain): Reading {
  const soa = message.authorities.find(({ data }) => data.type === 'SOA')
  if (message.rcode === RCODE.NOERROR && soa === undefined) {
    if (aliases.length > 0) return { kind: 'alias', target: owner, ttlMs: shortestMs(aliases) }
    if (message.authorities.some(({ data }) => data.type === 'NS')) {
      // RFC 2308, 2.2: name servers without a SOA are no "there is none" but "ask those".
      throw new StickyError('dns', 'the server refers to other servers: it does not resolve names itself')
    }
  }
  // RFC 2308, 5: the smaller of the SOA's own TTL and its minimum field; without a SOA nothing may be kept.
  const negativeMs = soa?.data.type === 'SOA' ? Math.min(soa.ttlS, soa.data.minimumS) * 1_000 : 0
  const ttlMs = Math.min(negativeMs, shortestMs(aliases))
  const kind = message.rcode === RCODE.NXDOMAIN ? 'no-name' : 'no-data'
  return { kind: 'answer', answer: { kind, ttlMs } }
}

function shortestMs(records: readonly WireRecord[]): number {
  return records.reduce((shortest, { ttlS }) => Math.min(shortest, ttlS * 1_000), Number.POSITIVE_INFINITY)
}

/** The addresses of the additional section, if every target has some there; a part of them is no use. */
function completeAddresses(found: readonly WireRecord[], message: Message): readonly WireRecord[] {
  const targets = new Set(found.map(({ data }) => (data.type === 'SRV' ? data.target : undefined)))
  const addresses = message.additionals.filter(
    ({ name, data }) => (data.type === 'A' || data.type === 'AAAA') && targets.has(name),
  )
  return new Set(addresses.map(({ name }) => name)).size === targets.size ? addresses : []
}

function withAddresses(records: readonly DnsRecord[], additional: readonly WireRecord[]): DnsRecord[] {
  const byTarget = Map.groupBy(additional, ({ name }) => name)
  return records.map((record) => {
    if (record.type !== 'SRV') return record
    const addresses = (byTarget.get(record.target) ?? []).flatMap(({ data }) =>
      data.type === 'A' || data.type === 'AAAA' ? [data.address] : [],
    )
    return { ...record, addresses }
  })
}
