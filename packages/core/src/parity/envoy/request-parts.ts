import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'

/**
 * The value of a cookie as Envoy reads it (`Utility::parseCookieValue`, source/common/http/utility.cc): the first of that name, without
 * the quotes around it. Only blanks before the name are passed over. Undefined if it is absent or empty.
 */
export function cookieValue(request: RequestLike, name: string): string | undefined {
  for (const line of headerValues(request, 'cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals === -1 || pair.slice(0, equals).replace(/^ +/, '') !== name) continue
      return unquoted(pair.slice(equals + 1)) || undefined
    }
  }
  return undefined
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

/**
 * The first value of a parameter of the query, undecoded (`QueryParamsMulti::parseQueryString`); empty where it stands without `=`.
 * Undefined if it is absent.
 */
export function queryValue({ url = '' }: RequestLike, name: string): string | undefined {
  const query = url.indexOf('?')
  if (query === -1) return undefined
  for (const pair of url.slice(query + 1).split('&')) {
    const equals = pair.indexOf('=')
    if ((equals === -1 ? pair : pair.slice(0, equals)) === name)
      return equals === -1 ? '' : pair.slice(equals + 1)
  }
  return undefined
}

/** The text of the peer's address; an IPv4 one that came in by an IPv6 socket as IPv4, as Envoy has it. */
export function peerText({ socket }: RequestLike): string | undefined {
  return socket?.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') || undefined
}
