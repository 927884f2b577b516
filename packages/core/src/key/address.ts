import { optionsObject } from '../option.ts'
import { headerValues, withoutOws } from './header-values.ts'
import { problem } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'
import { canonicalAddress, type TrustsAddress, trustedProxies } from './trusted-proxies.ts'

/** Options of {@link address}. @public */
export interface AddressKeyOptions {
  /**
   * Addresses and CIDR ranges of the proxies in front of the gateway. Only their word on the client, in X-Forwarded-For,
   * is taken. Default: none, so the key is the address of the connection's peer.
   */
  readonly trustedProxies?: readonly string[]
}

/** More hops than any honest request has passed; the walk over a longer header is cut short as a bad key. */
const MOST_HOPS = 64

/**
 * The client's address. X-Forwarded-For is walked from the right, past trusted proxies only: the first address that is
 * not trusted is the client's, because anybody could have written what stands left of it. If all are trusted it is the
 * leftmost. An entry on the way that is no address is `bad-key`. One client has one key: ports are left out, IPv4-mapped
 * IPv6 is IPv4.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function address(options: AddressKeyOptions = {}): KeySource {
  optionsObject('address', options, ['trustedProxies'])
  const isTrusted = trustedProxies('address.trustedProxies', options.trustedProxies ?? [])
  return {
    name: 'address',
    read(request: RequestLike): KeyReading {
      const peer = canonicalAddress(request.socket?.remoteAddress ?? '')
      if (peer === undefined || !isTrusted(peer)) return peer
      return clientBehind(peer, headerValues(request, 'x-forwarded-for'), isTrusted)
    },
  }
}

const BAD_HOP = problem('bad-key', 'address: expected addresses in x-forwarded-for')
const TOO_MANY_HOPS = problem(
  'bad-key',
  `address: expected at most ${MOST_HOPS} addresses in x-forwarded-for`,
)

function clientBehind(peer: string, lines: readonly string[], isTrusted: TrustsAddress): KeyReading {
  let client = peer
  let hops = 0
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i] as string
    for (let end = line.length; end > 0; ) {
      const comma = line.lastIndexOf(',', end - 1)
      const text = withoutOws(line.slice(comma + 1, end))
      end = comma
      if (text === '') continue
      if (++hops > MOST_HOPS) return TOO_MANY_HOPS
      const hop = canonicalAddress(text)
      if (hop === undefined) return BAD_HOP
      if (!isTrusted(hop)) return hop
      client = hop
    }
  }
  return client
}
