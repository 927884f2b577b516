import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ClientHeaders, type ForwardedOptions } from '../../src/headers/client-headers.ts'
import { pairsOf } from '../../src/headers/pairs.ts'

const MODES = ['x-forwarded', 'rfc7239', 'both', 'none'] as const

interface Peer {
  readonly remoteAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly encrypted?: boolean
}

interface Asked extends Partial<ForwardedOptions> {
  readonly raw?: readonly string[]
  readonly host?: string
  readonly peer?: Peer
  readonly httpVersion?: string
}

/** What the pod gets: the client's headers that are passed on, and those that are added. */
function told({ raw = [], host = 'shop', peer, httpVersion = '1.1', ...options }: Asked): [string, string][] {
  const socket = { remoteAddress: '203.0.113.7', localPort: 8080, ...peer }
  const request = { socket, httpVersion } as unknown as IncomingMessage
  const client = new ClientHeaders(request, {
    isTrusted: () => false,
    forwarded: 'x-forwarded',
    via: undefined,
    ...options,
  })
  const headers: string[] = []
  for (const [name, value] of pairsOf(raw)) if (!client.takes(name, value)) headers.push(name, value)
  client.write(headers, host)
  return pairsOf(headers)
}

const trusted = { isTrusted: () => true }

/** Everything by which a client could vouch for itself. */
const CLAIMS = [
  'X-Forwarded-For',
  'x_forwarded_for',
  'X-Forwarded_Proto',
  'X-FORWARDED-HOST',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Client-Cert',
  'X-Real-IP',
  'x_real_ip',
  'Forwarded',
]

describe('a peer that is not trusted', () => {
  it.each(MODES)('says nothing of itself in whatever spelling (%s)', (forwarded) => {
    const raw = CLAIMS.flatMap((name) => [name, '6.6.6.6'])
    const headers = told({ raw: [...raw, 'X-Other', '1', 'Forward', '2', 'X-Forwarded', '3'], forwarded })
    expect(JSON.stringify(headers)).not.toContain('6.6.6.6')
    expect(headers.slice(0, 3)).toEqual([
      ['X-Other', '1'],
      ['Forward', '2'],
      ['X-Forwarded', '3'],
    ])
  })

  it('is asked about once, and only if it claims anything', () => {
    let asked = 0
    const isTrusted = () => {
      asked++
      return false
    }
    told({ raw: ['Accept', '*/*', 'X-Session', 'k'], isTrusted })
    expect(asked).toBe(0)
    told({ raw: CLAIMS.flatMap((name) => [name, '6.6.6.6']), isTrusted })
    expect(asked).toBe(1)
  })
})

describe('what the pod is told', () => {
  const X = [
    ['X-Forwarded-For', '203.0.113.7'],
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Host', 'shop'],
    ['X-Forwarded-Port', '8080'],
  ]
  const FORWARDED = [['Forwarded', 'for=203.0.113.7;host=shop;proto=http']]

  it.each([
    ['x-forwarded', X],
    ['rfc7239', FORWARDED],
    ['both', [...X, ...FORWARDED]],
    ['none', []],
  ] as const)('with %s', (forwarded, expected) => {
    expect(told({ forwarded })).toEqual(expected)
  })

  it('over TLS, without Host, and without an address', () => {
    const peer = { encrypted: true, localPort: 443 }
    expect(told({ forwarded: 'both', host: '', peer })).toEqual([
      ['X-Forwarded-For', '203.0.113.7'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Port', '443'],
      ['Forwarded', 'for=203.0.113.7;proto=https'],
    ])
    const unix = { remoteAddress: undefined, localPort: undefined }
    expect(told({ forwarded: 'both', peer: unix })).toEqual([
      ['X-Forwarded-For', 'unknown'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'shop'],
      ['Forwarded', 'for=unknown;host=shop;proto=http'],
    ])
  })

  it.each([
    ['2001:db8::7', '"[2001:db8::7]"'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::1', '"[::1]"'],
  ])('quotes the address %s as %s in Forwarded', (remoteAddress, node) => {
    const [[, value = ''] = []] = told({ forwarded: 'rfc7239', peer: { remoteAddress } })
    expect(value).toBe(`for=${node};host=shop;proto=http`)
  })

  it.each([
    ['shop.example', 'shop.example'],
    ['shop:8443', '"shop:8443"'],
    ['[2001:db8::1]:80', '"[2001:db8::1]:80"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['a;b,c', '"a;b,c"'],
  ])('quotes the host %s as %s in Forwarded', (host, quoted) => {
    expect(told({ forwarded: 'rfc7239', host })).toEqual([
      ['Forwarded', `for=203.0.113.7;host=${quoted};proto=http`],
    ])
  })
})

describe('a trusted peer', () => {
  const raw = [
    'X-Forwarded-For',
    '1.1.1.1, 2.2.2.2',
    'x-forwarded-for',
    '3.3.3.3',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'public.example',
    'X-Forwarded-Port',
    '443',
    'X-Real-IP',
    '1.1.1.1',
    'Forwarded',
    'for=1.1.1.1',
    'forwarded',
    'for="[2001:db8::1]"',
  ]
  const kept = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'public.example'],
    ['X-Forwarded-Port', '443'],
    ['X-Real-IP', '1.1.1.1'],
  ]
  const chain = '1.1.1.1, 2.2.2.2, 3.3.3.3'
  const elements = 'for=1.1.1.1, for="[2001:db8::1]"'
  const own = 'for=203.0.113.7;host=shop;proto=http'

  it.each([
    ['x-forwarded', `${chain}, 203.0.113.7`, elements],
    ['rfc7239', chain, `${elements}, ${own}`],
    ['both', `${chain}, 203.0.113.7`, `${elements}, ${own}`],
    ['none', chain, elements],
  ] as const)('is believed, and continued where %s says so', (forwarded, forwardedFor, expected) => {
    expect(told({ raw, forwarded, ...trusted })).toEqual([
      ...kept,
      ['X-Forwarded-For', forwardedFor],
      ['Forwarded', expected],
    ])
  })

  it('leaves to us what it does not say', () => {
    expect(told({ raw: ['X-Forwarded-Proto', 'https'], ...trusted })).toEqual([
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-For', '203.0.113.7'],
      ['X-Forwarded-Host', 'shop'],
      ['X-Forwarded-Port', '8080'],
    ])
  })
})

describe('Via', () => {
  it.each(['1.0', '1.1', '2.0'])(
    'tells the version %s of the request, behind those who passed it on',
    (httpVersion) => {
      const raw = ['Via', '1.0 a, 1.1 b', 'via', '1.1 c']
      expect(told({ raw, via: 'limpet', forwarded: 'none', httpVersion })).toEqual([
        ['Via', `1.0 a, 1.1 b, 1.1 c, ${httpVersion} limpet`],
      ])
      expect(told({ via: 'limpet', forwarded: 'none', httpVersion })).toEqual([
        ['Via', `${httpVersion} limpet`],
      ])
    },
  )

  it('is passed on as it came where we have no name', () => {
    const raw = ['Via', '1.0 a', 'Via', '1.1 b']
    expect(told({ raw, forwarded: 'none' })).toEqual(pairsOf(raw))
  })
})
