import { firstItemCut, type KeyCut, occurrenceCut, sourceCut } from './key-cut.ts'

/** What stands behind `balance`: how it cuts its key, or why it has no mapping that could be computed. */
export type BalanceReading =
  | { readonly kind: 'hashes'; readonly cut: KeyCut }
  | { readonly kind: 'refused'; readonly reason: string }

const HDR = /^hdr\(([!#$%&'*+.^_`|~\w-]+)\)$/
const SAMPLE = /^(req\.hdr|hdr|req\.fhdr)\(([!#$%&'*+.^_`|~\w-]+)(?:,([+-]?\d{1,4}))?\)$/

/** HAProxy keeps ten values of a header at most while it counts back from the last one. */
const FARTHEST_BACK = -10

const NO_MAPPING: Readonly<Record<string, string>> = {
  roundrobin: 'it takes servers in turn',
  'static-rr': 'it takes servers in turn',
  leastconn: 'it counts connections',
  first: 'it counts connections',
  sticky: 'it stays at one server until that is gone',
  'rdp-cookie': 'it reads a stream of RDP, which is no request',
  'log-hash': 'it hashes log messages, which are no requests',
  uri: 'the URI that HAProxy hashes has the authority in it or not, by the version of HTTP that the client speaks; balance by a header',
  url_param: 'HAProxy looks for the parameter in the body of POST requests too; balance by a header',
}

/** Reads the words behind `balance`. */
export function readBalance(words: readonly string[]): BalanceReading {
  const [method = '', argument, ...rest] = words
  const name = method.split('(', 1)[0] as string
  if (method === '') return refused('without a method HAProxy takes servers in turn, or at random')
  if (name === 'random') return refused('it draws servers at random')
  const reason = Object.hasOwn(NO_MAPPING, name) ? NO_MAPPING[name] : undefined
  if (reason !== undefined) return refused(reason)
  if (name === 'hdr') return readHeader(method, words.slice(1))
  if (method === 'source')
    return argument === undefined ? hashes(sourceCut('address')) : refused('source takes no argument')
  if (method !== 'hash') return refused('HAProxy has no such method')
  if (argument === undefined) return refused('hash needs a sample expression')
  if (rest.length > 0) return refused('hash takes one argument, without blanks in it')
  return readSample(argument)
}

function readHeader(method: string, rest: readonly string[]): BalanceReading {
  const header = HDR.exec(method)?.[1]
  if (header === undefined) return refused('expected hdr(<name of a header>)')
  if (rest[0] === 'use_domain_only')
    return refused(
      'with use_domain_only HAProxy looks at the byte behind the value, which the request does not decide',
    )
  if (rest.length > 0) return refused('hdr(<name>) takes no further argument')
  return hashes(firstItemCut(header.toLowerCase()))
}

function readSample(expression: string): BalanceReading {
  if (expression === 'src') return hashes(sourceCut('hash-type'))
  const parts = SAMPLE.exec(expression)
  if (parts === null) {
    return refused(
      expression.includes('),') || expression.startsWith('src,')
        ? 'converters are not computed here; have the clients send the value as it is to be hashed'
        : 'of the sample expressions only req.hdr(<name>[,<number>]), req.fhdr(<name>[,<number>]) and src are computed here',
    )
  }
  const [, fetch, header = '', number] = parts
  const occurrence = Number(number ?? -1) || -1
  if (occurrence < FARTHEST_BACK) return refused(`HAProxy counts ${-FARTHEST_BACK} values back at most`)
  return hashes(occurrenceCut(header.toLowerCase(), fetch === 'req.fhdr' ? 'lines' : 'items', occurrence))
}

function hashes(cut: KeyCut): BalanceReading {
  return { kind: 'hashes', cut }
}

function refused(reason: string): BalanceReading {
  return { kind: 'refused', reason }
}
