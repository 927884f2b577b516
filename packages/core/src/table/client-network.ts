/** 0 to 255, without zeros in front. */
const OCTET = /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/

/**
 * What a client address counts as: an IPv4 address as itself, also where it is written inside IPv6 (`::ffff:192.0.2.1`);
 * an IPv6 address as its first 64 bits, since a client is given at least a /64 and may use every address of it (RFC 6177).
 * Text that is no address counts as it stands.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const text = (address.split('%')[0] as string).toLowerCase()
  const halves = text.split('::')
  if (halves.length > 2) return address
  const before = groups(halves[0] as string, halves.length === 1)
  const after = halves.length === 2 ? groups(halves[1] as string, true) : []
  const missing = 8 - before.length - after.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return address
  const all = [...before, ...Array<string>(missing).fill('0'), ...after]
  if (!all.every((group) => /^[\da-f]{1,4}$/.test(group))) return address
  const values = all.map((group) => Number.parseInt(group, 16))
  if (values.slice(0, 5).every((value) => value === 0) && values[5] === 0xffff) {
    return values
      .slice(6)
      .map((value) => `${value >> 8}.${value & 0xff}`)
      .join('.')
  }
  return `${values
    .slice(0, 4)
    .map((value) => value.toString(16))
    .join(':')}::/64`
}

/** The groups of one side of `::`; the dotted end of an address is two groups. */
function groups(side: string, isEnd: boolean): string[] {
  if (side === '') return []
  const parts = side.split(':')
  const octets = (parts.at(-1) as string).split('.')
  if (!isEnd || octets.length !== 4 || !octets.every((octet) => OCTET.test(octet))) return parts
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number)
  return [...parts.slice(0, -1), (a * 256 + b).toString(16), (c * 256 + d).toString(16)]
}
