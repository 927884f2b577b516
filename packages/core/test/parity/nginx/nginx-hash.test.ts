import { describe, expect, it } from 'vitest'
import { StickyError } from '../../../src/error.ts'
import { type NginxHashOptions, nginxHash } from '../../../src/parity/index.ts'

const SERVERS = [{ server: '10.0.0.1:80' }, { server: '10.0.0.2:80', weight: 2 }]

function keyText(key: string, rawHeaders: readonly string[], version?: string): string | undefined {
  const scheme = nginxHash({ servers: SERVERS, method: 'hash', key, ...(version ? { version } : {}) })
  const bytes = scheme.key({ headers: {}, rawHeaders })
  return bytes && Buffer.from(bytes).toString('latin1')
}

describe('nginxHash', () => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [
      { method: 'hashed' },
      /"nginxHash.method": expected 'hash consistent' or 'hash' or 'ip_hash', got "hashed"/,
    ],
    [{ servers: [] }, /"nginxHash.servers": there are no servers/],
    [{ servers: 'a' }, /"nginxHash.servers": expected a list of servers/],
    [{ servers: [{ server: 1 }] }, /"nginxHash.servers\[0\]": "server" is no text/],
    [{ servers: [{ server: '10.0.0.1', wait: 1 }] }, /"nginxHash.servers\[0\].wait" is unknown/],
    [{ servers: [...SERVERS, SERVERS[0]] }, /"nginxHash.servers\[2\]": server "10.0.0.1:80" is there twice/],
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1'].map(
      (weight) =>
        [
          { servers: [{ server: '10.0.0.1', weight }] },
          /servers\[0\]": server "10.0.0.1": the weight is no whole number/,
        ] as const,
    ),
    [{ servers: [{ server: '10.0.0.1', weight: 32_769 }] }, /weights together are above 32768/],
    [{ servers: [{ server: '10.0.0.1', down: 1 }] }, /"down" is neither true nor false/],
    [{ servers: [{ server: 'web-0' }] }, /"web-0" is a host name/],
    [{ key: undefined }, /"nginxHash.key": the key that is hashed is missing/],
    [{ key: '$map' }, /"nginxHash.key": the variable "\$map" cannot be followed/],
    [{ key: 'a'.repeat(4097) }, /longer than 4096/],
    [{ method: 'ip_hash' }, /"nginxHash.key": expected none with ip_hash/],
    [{ version: 'new' }, /"nginxHash.version": expected a version such as 1.22 or 1.28.0, got "new"/],
    [{ singleAddressNames: 1 }, /"nginxHash.singleAddressNames": expected true or false/],
    [{ consistent: true }, /"nginxHash.consistent" is unknown/],
  ]

  it.each(refused)('refuses %j', (options, message) => {
    const given = { servers: SERVERS, method: 'hash consistent', key: '$http_x', ...options }
    const make = () => nginxHash(given as NginxHashOptions)
    expect(make).toThrow(StickyError)
    expect(make).toThrow(message)
  })

  it('takes any weights where they cost no points', () => {
    const servers = [{ server: '10.0.0.1', weight: 2 ** 30 }, { server: '10.0.0.2' }]
    expect(nginxHash({ servers, method: 'hash', key: '$http_x' }).pick(Buffer.from('k'))?.name).toBe(
      '10.0.0.1',
    )
  })

  it('has the names of what it reads', () => {
    const key = '$http_x_b$cookie_a$http_x_b$host$arg_q$http_cookie'
    const scheme = nginxHash({ servers: SERVERS, method: 'hash', key })
    expect(scheme.keyHeaders).toEqual(['x-b', 'cookie', 'host'])
    expect(nginxHash({ servers: SERVERS, method: 'ip_hash' }).keyHeaders).toEqual([])
  })

  it('joins the lines of a repeated header from 1.23 on, and takes the first before', () => {
    const lines = ['X', 'a', 'x', ' b ', 'X', '']
    expect(keyText('$http_x', lines)).toBe('a, b, ')
    expect(keyText('$http_x', lines, '1.23')).toBe('a, b, ')
    expect(keyText('$http_x', lines, '1.22.1')).toBe('a')
    expect(keyText('$http_x_forwarded_for', ['X-Forwarded-For', 'a', 'X-Forwarded-For', 'b'], '1.22')).toBe(
      'a, b',
    )
    expect(keyText('$http_cookie', ['Cookie', 'a=1', 'Cookie', 'b=2'], '1.22')).toBe('a=1; b=2')
  })

  it('keeps tabs, which nginx does not cut off', () => {
    expect(keyText('$http_x', ['X', '\t v \t '])).toBe('\t v \t')
  })

  it('has no key where nothing comes out', () => {
    expect(keyText('$http_x', [])).toBeUndefined()
    expect(keyText('$http_x', ['X', ''])).toBeUndefined()
    expect(keyText('$http_x', ['X', '  '])).toBeUndefined()
    expect(keyText('-$http_x', [])).toBe('-')
    expect(
      nginxHash({ servers: SERVERS, method: 'hash', key: '$http_x' }).pick(new Uint8Array(0)),
    ).toBeUndefined()
  })

  it('hashes by ip_hash three bytes of IPv4 and all of IPv6', () => {
    const scheme = nginxHash({ servers: SERVERS, method: 'ip_hash' })
    const key = (remoteAddress?: string) => scheme.key({ headers: {}, socket: { remoteAddress } })
    expect([...(key('10.1.2.3') ?? [])]).toEqual([10, 1, 2])
    expect([...(key('::ffff:10.1.2.3') ?? [])]).toEqual([10, 1, 2])
    expect([...(key('fe80::1:0:2%eth0') ?? [])]).toEqual([254, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2])
    expect([...(key('::') ?? [])]).toEqual(new Array(16).fill(0))
    expect(key()).toBeUndefined()
  })

  it('takes nothing off the heap in pick', () => {
    const servers = Array.from({ length: 50 }, (_, i) => ({ server: `10.0.1.${i}:80`, down: i % 3 === 0 }))
    const bytes = Buffer.from('0123456789abcdef0123456789abcdef0123')
    for (const method of ['hash consistent', 'hash', 'ip_hash'] as const) {
      const scheme = nginxHash({ servers, method, ...(method === 'ip_hash' ? {} : { key: '$http_x' }) })
      const pickMany = (times: number) => {
        for (let i = 0; i < times; i++) {
          bytes[0] = i & 0xff
          scheme.pick(bytes)
        }
      }
      pickMany(20_000)
      const before = process.memoryUsage().heapUsed
      pickMany(200_000)
      // One object for each pick would be 3 MB at least.
      expect(process.memoryUsage().heapUsed - before, method).toBeLessThan(1_500_000)
    }
  })
})
