import type { RequestLike } from '../../key/request-like.ts'
import { wireText } from '../wire-bytes.ts'
import { remoteAddress, remoteAddressBytes } from './client-address.ts'
import { cookieVariable } from './cookie-variable.ts'
import { type Fail, quoted } from './fail.ts'
import { headerVariable } from './header-variable.ts'
import { hostVariable } from './host-variable.ts'
import { argumentVariable, queryArguments, requestUri } from './request-line.ts'

/** A variable of nginx that a request alone decides. */
export interface Variable {
  /** The headers that it reads, in lower case. */
  readonly headers: readonly string[]
  /** Its value, one character for each byte; undefined where nginx finds none. */
  read(request: RequestLike): string | undefined
}

const PLAIN: Readonly<Record<string, Variable>> = {
  remote_addr: { headers: [], read: remoteAddress },
  binary_remote_addr: {
    headers: [],
    read(request) {
      const bytes = remoteAddressBytes(request)
      return bytes && wireText(bytes)
    },
  },
  request_uri: { headers: [], read: requestUri },
  args: { headers: [], read: queryArguments },
  query_string: { headers: [], read: queryArguments },
  is_args: { headers: [], read: (request) => (queryArguments(request) === '' ? '' : '?') },
  request_method: { headers: [], read: ({ method }) => method },
  host: { headers: ['host'], read: hostVariable },
}

/** Why a variable that nginx has is none of these. */
const REASONS: Readonly<Record<string, string>> = {
  uri: 'nginx normalises and rewrites it; hash $request_uri, which it leaves as it was sent',
  document_uri: 'nginx normalises and rewrites it; hash $request_uri, which it leaves as it was sent',
  request_id: 'it is random',
}

/**
 * The variable of this name, in any case as in nginx.
 *
 * @param joinsLines see `joinsHeaderLines`
 * @throws what `fail` makes for a variable that the request alone does not decide
 */
export function variable(name: string, joinsLines: boolean, fail: Fail): Variable {
  const lowerName = name.toLowerCase()
  if (Object.hasOwn(PLAIN, lowerName)) return PLAIN[lowerName] as Variable
  const [prefix, rest] = [
    lowerName.slice(0, lowerName.indexOf('_') + 1),
    lowerName.slice(lowerName.indexOf('_') + 1),
  ]
  if (rest !== '' && prefix === 'http_') return headerNamed(rest, joinsLines)
  if (rest !== '' && prefix === 'cookie_') {
    return { headers: ['cookie'], read: (request) => cookieVariable(request, rest) }
  }
  if (rest !== '' && prefix === 'arg_') {
    return { headers: [], read: (request) => argumentVariable(request, rest) }
  }
  const reason =
    REASONS[lowerName] ?? 'its value is not in the request alone (a map, set, capture or module makes it)'
  throw fail(`the variable ${quoted(`$${name}`)} cannot be followed: ${reason}`)
}

/** nginx ignores header names with underscores (`underscores_in_headers off`, its default), so each underscore is a hyphen. */
function headerNamed(variableName: string, joinsLines: boolean): Variable {
  const header = variableName.replaceAll('_', '-')
  return { headers: [header], read: (request) => headerVariable(request, header, joinsLines) }
}
