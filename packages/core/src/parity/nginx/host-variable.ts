import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'
import { withoutSpaces } from './header-variable.ts'

/**
 * `$host`: the host of an absolute URL, else that of the Host header, without port and the dot at its end, in lower case. Undefined where
 * nginx answers 400 (a repeated or broken Host), and where there is none: nginx takes the `server_name` then, which no request tells.
 */
export function hostVariable(request: RequestLike): string | undefined {
  const headers = headerValues(request, 'host')
  if (headers.length > 1) return undefined
  const url = request.url ?? ''
  const inUrl = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  const header = headers[0] === undefined ? undefined : validHost(headers[0])
  if (headers[0] !== undefined && header === undefined) return undefined
  return inUrl === undefined ? header : validHost(inUrl)
}

/** As ngx_http_validate_host has it. */
function validHost(text: string): string | undefined {
  const value = withoutSpaces(text)
  if (/[\0- \x7f/]|\.\./.test(value)) return undefined
  const literal = value.startsWith('[') ? value.indexOf(']') : -1
  const colon = literal < 0 ? value.indexOf(':') : literal + 1
  const bare = colon < 0 ? value : value.slice(0, colon)
  const host = bare.endsWith('.') ? bare.slice(0, -1) : bare
  return host === '' ? undefined : host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
