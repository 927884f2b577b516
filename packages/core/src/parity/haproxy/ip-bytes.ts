const OCTET = /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/
const GROUP = /^[\da-f]{1,4}$/i

/** The 4 or 16 bytes of an IP address in network order; undefined for what `inet_pton` would refuse too. */
export function ipBytes(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined
  return text.includes(':') ? v6Bytes(text) : v4Bytes(text)
}

/** The bytes of a client's address as a socket has it: a zone is left out, and IPv4 inside IPv6 is IPv4. */
export function clientBytes(address: string): Uint8Array | undefined {
  const zone = address.indexOf('%')
  const bytes = ipBytes(zone < 0 ? address : address.slice(0, zone))
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes
}

function v4Bytes(text: string): Uint8Array | undefined {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet))) return undefined
  return Uint8Array.from(octets, Number)
}

function v6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const isShort = halves.length === 2
  const head = groups(halves[0] as string, !isShort)
  const tail = isShort ? groups(halves[1] as string, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (isShort ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array<number>(missing).fill(0), ...tail]
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 0xff]))
}

/** The 16-bit groups of one side of `::`; the address may end in a dotted IPv4 one. */
function groups(side: string, isEnd: boolean): number[] | undefined {
  if (side === '') return []
  const parts = side.split(':')
  const dotted = isEnd ? v4Bytes(parts.at(-1) as string) : undefined
  if (dotted !== undefined) parts.pop()
  if (!parts.every((part) => GROUP.test(part))) return undefined
  const values = parts.map((part) => Number.parseInt(part, 16))
  if (dotted !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted
    values.push((a << 8) | b, (c << 8) | d)
  }
  return values
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  return true
}
