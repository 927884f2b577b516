import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { clientNetwork } from '../../src/table/client-network.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

/** The /64 or the IPv4 address by the parser of URLs, which knows nothing of ours. */
function expected(address: string): string {
  const [bare] = address.split('%') as [string]
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1)
  const [before = '', after] = canonical.split('::') as [string, string | undefined]
  const parts = (side: string) => (side === '' ? [] : side.split(':'))
  const tail = after === undefined ? [] : parts(after)
  const groups = [
    ...parts(before),
    ...Array<string>(8 - parts(before).length - tail.length).fill('0'),
    ...tail,
  ]
  const mapped = /^0:0:0:0:0:ffff:([\da-f]+):([\da-f]+)$/.exec(groups.join(':'))
  if (!mapped) return `${groups.slice(0, 4).join(':')}::/64`
  const [high, low] = mapped.slice(1).map((group) => Number.parseInt(group, 16)) as [number, number]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

describe('clientNetwork', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:192.0.2.1', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::2%en1', 'fe80:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::192.0.2.1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['::fffe:192.0.2.1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network)
  })

  it.each([
    '',
    'unknown',
    'unix:',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::g',
    '192.0.2.1:80',
    '[2001:db8::1]:80',
    '::ffff:999.0.2.1',
    '::ffff:1.999.2.1',
    '::ffff:1.2.3',
    '1.2.3.4::',
    '1.2.3.4::1',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('%j is no address and counts as it stands', (text) => {
    expect(clientNetwork(text)).toBe(text)
  })

  it('puts every IPv6 address where the parser of URLs does', () => {
    const zoned = fc.tuple(fc.ipV6(), fc.constantFrom('', '%eth0', '%1'))
    fc.assert(
      fc.property(zoned, ([address, zone]) => {
        expect(clientNetwork(address + zone)).toBe(expected(address))
      }),
      { numRuns: 2_000 },
    )
  })

  it('leaves alone what is near an address, and is none', () => {
    const parts = fc.constantFrom(
      ':',
      '::',
      '0',
      '1',
      'ffff',
      'FFFF',
      '12345',
      'g',
      '1.2.3.4',
      '256.1.1.1',
      '.',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect(clientNetwork(text)).toBe(isIPv6(text) ? expected(text) : text)
      }),
      { numRuns: 20_000 },
    )
  })
})
