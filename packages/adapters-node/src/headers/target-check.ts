/** An absolute target: its authority, and what follows it. */
const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i

/**
 * What is wrong with a request's target (RFC 9112, 3.2), or undefined. `host`: the Host header, if there is one.
 *
 * A fragment never belongs into a request, and some pods cut it off while others take it for a part of the path; a
 * backslash in the path is a slash to some. An absolute target has to name the same authority as Host: a pod that goes by
 * the one and a pod that goes by the other must not serve different sites.
 */
export function targetFault(method: string, target: string, host: string | undefined): string | undefined {
  if (target.includes('#')) return 'its target has a fragment'
  const query = target.indexOf('?')
  const backslash = target.indexOf('\\')
  if (backslash >= 0 && (query < 0 || backslash < query)) return 'its target has a backslash'
  if (target.charCodeAt(0) === 0x2f) return undefined
  if (target === '*') return method === 'OPTIONS' ? undefined : 'its target is * and its method not OPTIONS'
  const absolute = ABSOLUTE.exec(target)
  if (!absolute) return 'its target is neither a path nor an http URL'
  const [, scheme, authority] = absolute as unknown as [string, string, string]
  if (host === undefined || plainAuthority(scheme, authority) !== plainAuthority(scheme, host)) {
    return 'its target names another authority than its Host header'
  }
  return undefined
}

/**
 * The target in origin form: an absolute one (RFC 9112, 3.2.2) loses its scheme and authority, and nothing else of it is
 * changed. Undefined for what is neither.
 */
export function originForm(method: string, target: string): string | undefined {
  if (target.charCodeAt(0) === 0x2f || target === '*') return target
  const absolute = ABSOLUTE.exec(target)
  if (!absolute) return undefined
  const rest = target.slice(absolute[0].length)
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Lower case, without the port that the scheme implies. */
function plainAuthority(scheme: string, authority: string): string {
  const port = scheme.length === 4 ? ':80' : ':443'
  const lower = authority.toLowerCase()
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower
}
