/**
 * Fields that a trailer must not carry (RFC 9110, 6.5.1), in either direction: a reader that merges trailers into headers
 * would take them for framing, routing, authentication or control of the message it has already acted on.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'content-length', 'host', 'trailer', 'te', 'connection', 'keep-alive', 'upgrade'],
  ...['proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'],
  ...['authorization', 'authentication-info', 'www-authenticate', 'cookie', 'set-cookie'],
  ...['cache-control', 'expect', 'max-forwards', 'pragma', 'range', 'age', 'date', 'expires', 'location'],
  ...['retry-after', 'vary', 'warning', 'if-match', 'if-none-match', 'if-modified-since'],
  ...['if-unmodified-since', 'if-range', 'content-encoding', 'content-type', 'content-range'],
  ...['forwarded', 'via', 'proxy'],
])

/** The trailers that go on, names and values in turn as they came. */
export function forwardedTrailers(rawTrailers: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    const name = rawTrailers[i] as string
    const plain = name.toLowerCase().replaceAll('_', '-')
    if (FORBIDDEN.has(plain) || plain.startsWith('x-forwarded-') || plain === 'x-limpet-moved') continue
    kept.push(name, rawTrailers[i + 1] as string)
  }
  return kept
}
