/**
 * Protocols that a request may not ask a pod for: behind them are requests again, of which neither the key nor who they are
 * from would be looked at (h2c smuggling). RFC 9113, 3.1 has given up `h2c` by Upgrade, too.
 */
const HIDES_REQUESTS = /^(?:h2c?|http)(?:\/|$)/i

/** The value of the Upgrade header to ask the pod with; undefined = it is asked as any other request is. */
export function askedProtocols(rawHeaders: readonly string[], httpVersion: string): string | undefined {
  // RFC 9110, 7.8: in a request of HTTP/1.0 the header has to be ignored.
  if (httpVersion !== '1.1') return undefined
  const asked = listOf(rawHeaders).filter((protocol) => !HIDES_REQUESTS.test(protocol))
  return asked.length > 0 ? asked.join(', ') : undefined
}

/**
 * The protocols that a 101 response switches to, as its Upgrade header is to be sent on; undefined if it names none, or one
 * that was not asked for, which RFC 9110, 7.8 forbids.
 */
export function agreedProtocols(
  rawHeaders: readonly string[],
  asked: string | undefined,
): string | undefined {
  const agreed = listOf(rawHeaders)
  const allowed = new Set(asked?.toLowerCase().split(', '))
  const isAllowed = agreed.every((protocol) => allowed.has(protocol.toLowerCase()))
  return isAllowed && agreed.length > 0 ? agreed.join(', ') : undefined
}

/** The members of all Upgrade headers. */
function listOf(rawHeaders: readonly string[]): string[] {
  const list: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 7 || name.toLowerCase() !== 'upgrade') continue
    for (const member of (rawHeaders[i + 1] as string).split(',')) {
      const protocol = member.trim()
      if (protocol !== '') list.push(protocol)
    }
  }
  return list
}
