import { describe, expect, it } from 'vitest'
import type { RequestLike } from '../../../src/key/request-like.ts'
import { type HaproxyHashOptions, haproxyHash } from '../../../src/parity/index.ts'

const TWO = [{ name: 'a' }, { name: 'b' }]

describe('options', () => {
  const good: HaproxyHashOptions = { servers: TWO, balance: 'hdr(x)' }

  it.each<[object, string]>([
    [{ servers: [] }, '"haproxyHash.servers": expected an array of 1 to 10000 servers'],
    [{ servers: 'a' }, '"haproxyHash.servers": expected an array'],
    [{ servers: Array(10_001).fill({ name: 'a' }) }, '"haproxyHash.servers": expected an array'],
    [{ servers: [null] }, '"haproxyHash.servers[0]": expected an object'],
    [
      { servers: [{ name: 'a' }, { name: 'a' }] },
      '"haproxyHash.servers[1].name": expected a name that no server before has',
    ],
    [
      {
        servers: [
          { name: 'a', id: 1 },
          { name: 'b', id: 1 },
        ],
      },
      '"haproxyHash.servers[1].id"',
    ],
    [
      {
        servers: [
          { name: 'a', guid: 'g' },
          { name: 'b', guid: 'g' },
        ],
      },
      '"haproxyHash.servers[1].guid"',
    ],
    [{ servers: [{ name: '' }] }, '"haproxyHash.servers[0].name"'],
    [{ servers: [{ name: 'a b' }] }, '"haproxyHash.servers[0].name"'],
    [
      { servers: [{ name: 'a', weight: 257 }] },
      '"haproxyHash.servers[0].weight": expected an integer from 0 to 256',
    ],
    [{ servers: [{ name: 'a', weight: Number.NaN }] }, '"haproxyHash.servers[0].weight"'],
    [{ servers: [{ name: 'a', weight: -1 }] }, '"haproxyHash.servers[0].weight"'],
    [{ servers: [{ name: 'a', id: 0 }] }, '"haproxyHash.servers[0].id"'],
    [{ servers: [{ name: 'a', port: 65_536 }] }, '"haproxyHash.servers[0].port"'],
    [{ servers: [{ name: 'a', address: '1.2.3.4.5' }] }, '"haproxyHash.servers[0].address"'],
    [{ servers: [{ name: 'a', address: 'host' }], hashKey: 'addr' }, 'because it is hashed (hash-key addr)'],
    [{ servers: [{ name: 'a', backup: 1 }] }, '"haproxyHash.servers[0].backup": expected true or false'],
    [{ servers: [{ name: 'a', guid: 'ä' }] }, '"haproxyHash.servers[0].guid"'],
    [{ servers: [{ name: 'a', wieght: 1 }] }, '"haproxyHash.servers[0].wieght" is unknown'],
    [
      { servers: Array.from({ length: 4097 }, (_, i) => ({ name: `s${i}`, weight: 256 })) },
      'weights that come to 524288 in all at most',
    ],
    [{ hashType: 'ring' }, '"haproxyHash.hashType"'],
    [{ fn: 'md5' }, '"haproxyHash.fn"'],
    [{ avalanche: 'yes' }, '"haproxyHash.avalanche"'],
    [{ hashKey: 'name' }, '"haproxyHash.hashKey"'],
    [{ idMode: '3.0' }, '"haproxyHash.idMode"'],
    [{ retries: 1001 }, '"haproxyHash.retries"'],
    [{ redispatch: 0.5 }, '"haproxyHash.redispatch"'],
    [{ redispatch: -4 }, 'divides by zero'],
    [{ balance: 'roundrobin' }, '"haproxyHash.balance": it takes servers in turn'],
    [{ balance: 7 }, '"haproxyHash.balance": expected a string'],
    [{ balance: 'hash src', fn: 'none' }, '"haproxyHash.fn": none reads the address as text'],
    [{ algorithm: 'x' }, '"haproxyHash.algorithm" is unknown'],
  ])('%j are refused', (bad, reason) => {
    expect(() => haproxyHash({ ...good, ...bad } as HaproxyHashOptions)).toThrow(reason)
  })

  it('are those of HAProxy by default: naming a function takes the avalanche away', () => {
    const answers = (more: Partial<HaproxyHashOptions>) => {
      const scheme = haproxyHash({ ...good, servers: [...TWO, { name: 'c' }], ...more })
      return Array.from({ length: 200 }, (_, i) => scheme.pick(Buffer.from(`k${i}`))?.name).join()
    }
    expect(answers({})).toBe(answers({ hashType: 'map-based', fn: 'sdbm', avalanche: false }))
    const ring = answers({ hashType: 'consistent' })
    expect(ring).toBe(answers({ hashType: 'consistent', fn: 'sdbm', avalanche: true }))
    expect(ring).not.toBe(answers({ hashType: 'consistent', fn: 'sdbm' }))
  })
})

describe('key', () => {
  const request = (...lines: string[]): RequestLike => ({
    headers: {},
    rawHeaders: lines.flatMap((line) => ['X-K', line]),
  })
  const cut = (balance: string, given: RequestLike) => {
    const key = haproxyHash({ servers: TWO, balance }).key(given)
    return key && Buffer.from(key).toString('latin1')
  }

  it.each<[readonly string[], string | undefined, string | undefined, string | undefined]>([
    [['v'], 'v', 'v', 'v'],
    [['p,q'], 'p', 'q', 'p,q'],
    [['"p,q",r'], '"p,q"', 'r', '"p,q",r'],
    [['"p\\",q",r'], '"p\\",q"', 'r', '"p\\",q",r'],
    [['"p,q'], '"p,q', '"p,q', '"p,q'],
    [[',q'], undefined, 'q', ',q'],
    [['p ,'], 'p', '', 'p ,'],
    [['a', 'b'], 'a', 'b', 'b'],
    [[' \t v w\t'], 'v w', 'v w', 'v w'],
    [['\xe9\xff'], '\xe9\xff', '\xe9\xff', '\xe9\xff'],
    [[''], undefined, '', ''],
    [[], undefined, undefined, undefined],
  ])('of %j', (lines, hdr, reqHdr, reqFhdr) => {
    expect(cut('hdr(X-K)', request(...lines))).toBe(hdr)
    expect(cut('hash req.hdr(x-k)', request(...lines))).toBe(reqHdr)
    expect(cut('hash req.fhdr(x-k)', request(...lines))).toBe(reqFhdr)
  })

  it('of no bytes is hashed where HAProxy hashes it', () => {
    const picked = (balance: string) => haproxyHash({ servers: TWO, balance }).pick(new Uint8Array(0))
    expect(picked('hdr(x)')).toBeUndefined()
    expect(picked('hash req.hdr(x)')?.name).toBe('a')
  })

  it('of a value by its number', () => {
    const given = request('a,b', 'c')
    expect([1, 2, 3, 4, -1, -2, -3, -4, 0].map((at) => cut(`hash req.hdr(x-k,${at})`, given))).toEqual([
      'a',
      'b',
      'c',
      undefined,
      'c',
      'b',
      'a',
      undefined,
      'c',
    ])
    expect([1, 2, 3, -2].map((at) => cut(`hash req.fhdr(x-k,${at})`, given))).toEqual([
      'a,b',
      'c',
      undefined,
      'a,b',
    ])
  })

  it("of the client's address", () => {
    const from = (remoteAddress?: string) => cut('source', { headers: {}, socket: { remoteAddress } })
    expect(from('127.0.0.1')).toBe('\x7f\0\0\x01')
    expect(from('::ffff:127.0.0.1')).toBe('\x7f\0\0\x01')
    expect(from('fe80::1%eth0')).toHaveLength(16)
    expect(from('nowhere')).toBeUndefined()
    expect(from(undefined)).toBeUndefined()
  })

  it('is looked for by nobody where one server takes everything', () => {
    const scheme = haproxyHash({ servers: TWO, balance: 'hdr(x)' }).without(new Set(['a']))
    expect(scheme.pick(scheme.key({ headers: {} }) as Uint8Array)?.name).toBe('b')
  })
})
