import { BlockList, isIP } from 'node:net'
import { invalidOption } from '../option.ts'

/** Tells the addresses of proxies whose word is taken from all others. @beta */
export type TrustsAddress = (address: string) => boolean

/**
 * A check against a list of addresses and CIDR ranges, IPv4 and IPv6. Addresses are given in the form of
 * `canonicalAddress`.
 *
 * @throws StickyError `invalid-option`, naming the entry by its index
 * @beta
 */
export function trustedProxies(path: string, ranges: readonly string[]): TrustsAddress {
  if (!Array.isArray(ranges)) throw invalidOption(path, 'a list of addresses and CIDR ranges', ranges)
  const list = new BlockList()
  for (const [index, range] of ranges.entries()) {
    const [address = '', prefix, ...rest] = typeof range === 'string' ? range.split('/') : []
    const family = isIP(address)
    const bits =
      prefix === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (family === 0 || rest.length > 0 || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw invalidOption(`${path}[${index}]`, 'an address or a range such as 10.0.0.0/8', range)
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

/**
 * One text for each address: IPv4 as it is, IPv4-mapped IPv6 as IPv4, other IPv6 compressed in lower case (RFC 5952) and
 * without its zone. A port, and brackets around IPv6, are left out. Undefined for anything else.
 *
 * @beta
 */
export function canonicalAddress(text: string): string | undefined {
  const bare = withoutPort(text)
  const family = isIP(bare)
  if (family === 4) return bare
  if (family === 0) return undefined
  const zone = bare.indexOf('%')
  const url = `http://[${zone < 0 ? bare : bare.slice(0, zone)}]`
  if (!URL.canParse(url)) return undefined
  const canonical = new URL(url).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical)
  if (!mapped) return canonical
  const [high, low] = [Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)]
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) {
    const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)
    return bracketed?.[1] ?? ''
  }
  const colon = text.indexOf(':')
  const isV4WithPort = colon > 0 && text.includes('.') && /^[\d.]+:\d{1,5}$/.test(text)
  return isV4WithPort ? text.slice(0, colon) : text
}
