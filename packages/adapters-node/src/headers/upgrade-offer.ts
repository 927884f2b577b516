/**
 * The protocols that a client offers to switch to, without `h2c`: a pod that took it would serve whatever the client asks
 * on that connection, past every route and check of this gateway. RFC 9113 has withdrawn it, and a server is free to
 * answer in HTTP/1.1 (RFC 9110, 7.8). Undefined if no other is left.
 */
export function upgradeOffer(rawHeaders: readonly string[]): string | undefined {
  const offers: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 7 || name.toLowerCase() !== 'upgrade') continue
    for (const offer of (rawHeaders[i + 1] as string).split(',')) {
      const protocol = offer.trim()
      if (protocol !== '' && !/^h2c?$/i.test(protocol)) offers.push(protocol)
    }
  }
  return offers.length === 0 ? undefined : offers.join(', ')
}
