import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address } from '../../src/key/address.ts'
import { canonicalAddress } from '../../src/key/trusted-proxies.ts'
import { fakeRequest } from '../../src/testing/fake-request.ts'

const BAD = { reason: 'bad-key' }
const behind = (peer: string, forwardedFor?: string | string[]) =>
  fakeRequest({
    address: peer,
    ...(forwardedFor !== undefined && { headers: { 'X-Forwarded-For': forwardedFor } }),
  })
const source = address({ trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] })

describe('address', () => {
  it('is the peer, whatever it says, unless the peer is trusted', () => {
    expect(address().read(behind('203.0.113.7', '1.2.3.4'))).toBe('203.0.113.7')
    expect(source.read(behind('203.0.113.7', '1.2.3.4'))).toBe('203.0.113.7')
  })

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['9.9.9.9, 1.2.3.4, 10.1.1.1', '1.2.3.4'],
    ['10.2.2.2, 10.1.1.1', '10.2.2.2'],
    ['not an address, 1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['[2001:DB8::1]:5678', '2001:db8::1'],
    ['1.2.3.4,, ', '1.2.3.4'],
    ['', '10.0.0.1'],
  ])('behind a trusted proxy, X-Forwarded-For %j gives %s', (line, client) => {
    expect(source.read(behind('10.0.0.1', line))).toBe(client)
  })

  it('walks over several headers from the last', () => {
    expect(source.read(behind('10.0.0.1', ['9.9.9.9', '1.2.3.4, 10.1.1.1']))).toBe('1.2.3.4')
  })

  it('refuses what is no address on the way, and an endless way', () => {
    expect(source.read(behind('10.0.0.1', 'unknown'))).toMatchObject(BAD)
    expect(source.read(behind('10.0.0.1', '10.0.0.2,'.repeat(65)))).toMatchObject(BAD)
  })

  it('has no key without a peer', () => {
    expect(source.read({ headers: {} })).toBeUndefined()
  })

  it('gives one client one key in either family', () => {
    expect(source.read(behind('::ffff:203.0.113.7'))).toBe('203.0.113.7')
    expect(source.read(behind('::FFFF:10.0.0.1', '1.2.3.4'))).toBe('1.2.3.4')
    expect(source.read(behind('fe80::1%eth0'))).toBe('fe80::1')
    expect(source.read(behind('fd00:0:0::1', '2001:0db8:0:0::0001'))).toBe('2001:db8::1')
  })

  it.each([
    [['10.0.0.0/33'], 'option "address.trustedProxies[0]": expected an address or a range'],
    [['::1', 'host'], 'option "address.trustedProxies[1]": expected an address or a range'],
    [['10.0.0.0/8/8'], 'option "address.trustedProxies[0]"'],
    ['10.0.0.0/8' as never, 'option "address.trustedProxies": expected a list'],
  ])('refuses the ranges %j', (trustedProxies, message) => {
    expect(() => address({ trustedProxies })).toThrow(message)
  })

  it('agrees with a plain walk over any chain of addresses', () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV4().map((ip) => `10.${ip.split('.').slice(1).join('.')}`),
    )
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 8 }), (hops) => {
        const untrusted = hops.filter((ip) => !ip.startsWith('10.') && ip !== '192.0.2.1').at(-1)
        expect(source.read(behind('10.0.0.1', hops.join(', ')))).toBe(untrusted ?? hops[0] ?? '10.0.0.1')
      }),
    )
  })
})

describe('canonicalAddress', () => {
  it('never throws and answers an address or nothing', () => {
    fc.assert(fc.property(fc.string(), (text) => void canonicalAddress(text)))
    expect(canonicalAddress('[::1')).toBeUndefined()
    expect(canonicalAddress('1.2.3.4:x')).toBeUndefined()
  })

  it('is the same for every spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        expect(canonicalAddress(ip.toUpperCase())).toBe(canonicalAddress(ip))
        expect(canonicalAddress(canonicalAddress(ip) as string)).toBe(canonicalAddress(ip))
      }),
    )
  })
})
