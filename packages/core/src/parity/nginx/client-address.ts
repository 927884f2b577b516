import type { RequestLike } from '../../key/request-like.ts'
import { canonicalAddress } from '../../key/trusted-proxies.ts'

/**
 * `$remote_addr`: the address of the connection's peer as text. A peer of an IPv4 address is taken as such also on a socket for both families,
 * because nginx listens on each of its own. Undefined for a unix socket, or once the connection is gone.
 */
export function remoteAddress({ socket }: RequestLike): string | undefined {
  return canonicalAddress(socket?.remoteAddress ?? '')
}

/** `$binary_remote_addr`: its 4 or 16 bytes. */
export function remoteAddressBytes(request: RequestLike): Uint8Array | undefined {
  const text = remoteAddress(request)
  if (text === undefined) return undefined
  return text.includes(':') ? ipv6Bytes(text) : Uint8Array.from(text.split('.'), Number)
}

/** The bytes of an address in RFC 5952's form. */
function ipv6Bytes(text: string): Uint8Array {
  const [head = '', tail] = text.split('::')
  const before = groups(head)
  const behind = groups(tail ?? '')
  const zeros = new Array<number>(8 - before.length - behind.length).fill(0)
  return Uint8Array.from([...before, ...zeros, ...behind].flatMap((group) => [group >> 8, group & 0xff]))
}

function groups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
