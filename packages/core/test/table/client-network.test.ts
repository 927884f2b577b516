import { describe, expect, it } from 'vitest'
import { clientNetwork } from '../../src/table/client-network.ts'

describe('clientNetwork', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('counts %s as %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network)
  })

  it.each(['', 'unknown', '1:2', '1::2::3', '1:2:3:4:5:6:7:8:9', ':::', 'g::1', '12345::', '_hidden'])(
    'leaves what is no address as it stands: %s',
    (text) => {
      expect(clientNetwork(text)).toBe(text)
    },
  )
})
