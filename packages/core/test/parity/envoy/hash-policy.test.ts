import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EnvoyHashPolicy, HashPolicies } from '../../../src/parity/envoy/hash-policy.ts'
import { requestHash } from '../../../src/parity/envoy/request-hash.ts'
import { textBytes } from '../../../src/parity/wire-bytes.ts'
import { joined, split } from './hash64.ts'
import { unitTests } from './unit-tests.ts'
import { xxh64Reference } from './xxh64-reference.ts'

type Lines = readonly (readonly [name: string, value: string])[]

function requestOf(lines: Lines, rest: { url?: string; remoteAddress?: string } = {}) {
  const { url, remoteAddress } = rest
  return { headers: {}, rawHeaders: lines.flat(), url, socket: { remoteAddress } }
}

/** The hash that a request has under policies; undefined if it has none. */
function hashOf(
  policies: readonly EnvoyHashPolicy[],
  request: ReturnType<typeof requestOf>,
): bigint | undefined {
  const key = new HashPolicies('hashPolicy', policies).key(request)
  if (!key) return undefined
  const hash = split(99n)
  requestHash(hash, key)
  return joined(hash)
}

function xxh(text: string, seed = 0n): bigint {
  return xxh64Reference(Buffer.from(text, 'latin1'), seed)
}

/** The hash of two policies in turn. */
function then(before: bigint, next: bigint): bigint {
  return BigInt.asUintN(64, (before << 1n) | (before >> 63n)) ^ next
}

const header = [{ header: 'X-Session' }] as const

describe('a header policy', () => {
  it('hashes the bytes of the value, whatever the case of the name', () => {
    for (const value of ['alice', 'p,q', 'Ren\xe9e', ' ', 'x'.repeat(300)]) {
      expect(hashOf(header, requestOf([['x-sESSION', value]]))).toBe(xxh(value))
    }
  })

  it('hashes an empty value, and nothing if there is no such header', () => {
    expect(hashOf(header, requestOf([['x-session', '']]))).toBe(17241709254077376921n)
    expect(hashOf(header, requestOf([['x-sessions', 'a']]))).toBeUndefined()
  })

  it('chains several lines in the order of their bytes, not of the request', () => {
    for (const [values, , note] of unitTests.xxHash64OfHeaderValues) {
      expect(note).toContain('sorts them bytewise')
      const sorted = values.toSorted().reduce((seed, value) => xxh(value, seed), 0n)
      const lines = values.map((value) => ['x-session', value] as const)
      expect(hashOf(header, requestOf(lines))).toBe(sorted)
      expect(hashOf(header, requestOf(lines.toReversed()))).toBe(sorted)
    }
  })

  it('chains any lines, equal and empty ones included', () => {
    const value = fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ''))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const bytes = values.map((text) => Buffer.from(text, 'latin1')).sort(Buffer.compare)
        const expected = bytes.reduce((seed, own) => xxh64Reference(own, seed), 0n)
        expect(hashOf(header, requestOf(values.map((text) => ['x-session', text])))).toBe(expected)
      }),
    )
  })
})

describe('a cookie policy', () => {
  const cookie = [{ cookie: 'sid' }] as const

  it.each([
    ['sid=abc', 'abc'],
    ['a=b;   sid=abc; sid=later', 'abc'],
    ['sid="abc"', 'abc'],
    ['sid="', '"'],
    ['flag; sid=a=b', 'a=b'],
    ['sid=abc ; c=d', 'abc '],
    ['SID=x; sid=abc', 'abc'],
  ])('hashes of %j %j, as Envoy cuts it', (line, expected) => {
    expect(hashOf(cookie, requestOf([['Cookie', line]]))).toBe(xxh(expected))
  })

  it('reads further lines', () => {
    const lines = [
      ['cookie', 'a=b'],
      ['cookie', 'sid=abc'],
    ] as const
    expect(hashOf(cookie, requestOf(lines))).toBe(xxh('abc'))
  })

  it.each(['', 'sid', 'sid=', 'sid=""', 'sid=; sid=later', 'asid=x', 'sid =x', '\tsid=x'])(
    'hashes nothing of %j',
    (line) => {
      expect(hashOf(cookie, requestOf([['cookie', line]]))).toBeUndefined()
    },
  )
})

describe('a query parameter policy', () => {
  const query = [{ queryParameter: 'user' }] as const

  it.each([
    ['/a?user=alice', 'alice'],
    ['/a?x=1&user=a%20b&user=c', 'a%20b'],
    ['/a?user=a=b', 'a=b'],
    ['/?user', ''],
    ['/?user=', ''],
    ['/?x=?&user=1', '1'],
  ])('hashes of %s %j', (url, expected) => {
    expect(hashOf(query, requestOf([], { url }))).toBe(xxh(expected))
  })

  it.each(['/user=alice', '/?users=1', '/?', '/', undefined])('hashes nothing of %s', (url) => {
    expect(hashOf(query, requestOf([], url === undefined ? {} : { url }))).toBeUndefined()
  })
})

describe('a source address policy', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:1', '::ffff:1'],
  ])('hashes of %s %s', (remoteAddress, expected) => {
    expect(hashOf([{ sourceIp: true }], requestOf([], { remoteAddress }))).toBe(xxh(expected))
  })

  it('hashes nothing without a peer', () => {
    expect(hashOf([{ sourceIp: true }], requestOf([]))).toBeUndefined()
    expect(hashOf([{ sourceIp: true }], { ...requestOf([]), socket: undefined as never })).toBeUndefined()
  })
})

describe('several policies', () => {
  const policies = [{ header: 'a' }, { cookie: 'sid' }, { sourceIp: true }] as const
  const remoteAddress = '192.0.2.1'

  it('turn the hash of those before by a bit, and leave out those that have nothing', () => {
    const ip = xxh(remoteAddress)
    expect(hashOf(policies, requestOf([], { remoteAddress }))).toBe(ip)
    expect(hashOf(policies, requestOf([['a', '1']], { remoteAddress }))).toBe(then(xxh('1'), ip))
    const lines = [
      ['a', '2'],
      ['cookie', 'sid=3'],
      ['a', '1'],
    ] as const
    expect(hashOf(policies, requestOf(lines, { remoteAddress }))).toBe(
      then(then(xxh('2', xxh('1')), xxh('3')), ip),
    )
    expect(hashOf(policies, requestOf([]))).toBeUndefined()
  })

  it('end at a terminal one, if there is a hash by then', () => {
    const terminal = [{ header: 'a' }, { header: 'b', terminal: true }, { sourceIp: true }] as const
    const request = (lines: Lines) => requestOf(lines, { remoteAddress })
    expect(hashOf(terminal, request([['b', '1']]))).toBe(xxh('1'))
    expect(hashOf(terminal, request([['a', '1']]))).toBe(xxh('1'))
    expect(hashOf(terminal, request([]))).toBe(xxh(remoteAddress))
  })

  it('name the headers that they read, once', () => {
    const named = [...policies, { header: 'A' }, { cookie: 'x' }, { queryParameter: 'q' }]
    expect(new HashPolicies('hashPolicy', named).headers).toEqual(['a', 'cookie'])
  })
})

describe('the bytes of a key', () => {
  it('are the value alone, lines between LF, policies between CR', () => {
    const policies = new HashPolicies('hashPolicy', [{ header: 'a' }, { header: 'b' }])
    const lines = [
      ['a', 'z'],
      ['a', 'y'],
      ['b', 'x'],
    ] as const
    expect(policies.key(requestOf([['b', 'x']]))).toEqual(textBytes('x'))
    expect(policies.key(requestOf(lines))).toEqual(textBytes('y\nz\rx'))
  })

  it('have a hash whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 20, maxLength: 60 }), (key) => {
        const hash = split(0n)
        requestHash(hash, key)
        const parts = Buffer.from(key).toString('latin1').split('\r')
        const hashes = parts.map((part) => part.split('\n').reduce((seed, value) => xxh(value, seed), 0n))
        expect(joined(hash)).toBe(hashes.reduce(then, 0n))
      }),
    )
  })
})

describe('bad policies', () => {
  it.each([
    ['hashPolicy', undefined],
    ['hashPolicy', []],
    ['hashPolicy', { header: 'a' }],
    ['hashPolicy[0]', [null]],
    ['hashPolicy[0]', [{}]],
    ['hashPolicy[0]', [{ terminal: true }]],
    ['hashPolicy[1]', [{ header: 'a' }, { header: 'a', cookie: 'b' }]],
    ['hashPolicy[0].header', [{ header: '' }]],
    ['hashPolicy[0].header', [{ header: ':path' }]],
    ['hashPolicy[0].header', [{ header: 'a b' }]],
    ['hashPolicy[0].header', [{ header: 7 }]],
    ['hashPolicy[0].cookie', [{ cookie: '' }]],
    ['hashPolicy[0].sourceIp', [{ sourceIp: false }]],
    ['hashPolicy[0].terminal', [{ header: 'a', terminal: 'yes' }]],
    ['hashPolicy[0].headerName', [{ headerName: 'a' }]],
  ])('are refused by name: %s of %j', (path, policies) => {
    expect(() => new HashPolicies('hashPolicy', policies as never)).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        message: expect.stringContaining(`option "${path}"`),
      }),
    )
  })
})
