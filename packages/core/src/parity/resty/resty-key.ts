import type { RequestLike } from '../../key/request-like.ts'
import type { Fail } from '../nginx/fail.ts'
import { joined } from '../nginx/key-text.ts'
import type { RequestKey } from '../nginx/request-key.ts'
import { type Variable, variable } from '../nginx/variables.ts'
import { wireBytes } from '../wire-bytes.ts'
import { complexValue } from './complex-value.ts'

/** ingress-nginx hashes what comes out, also where that is empty: such requests all go to one pod. */
export function ingressNginxKey(upstreamHashBy: string, joinsLines: boolean, fail: Fail): RequestKey {
  const parts = complexValue(upstreamHashBy, joinsLines, fail)
  const headers = parts.flatMap((part) => (typeof part === 'string' ? [] : part.headers))
  return {
    headers: Object.freeze([...new Set(headers)]),
    read: (request) => wireBytes(joined(parts, request)),
  }
}

/** What APISIX hashes. @public */
export type ApisixHashOn = 'header' | 'vars'

/** Variables that are the same in APISIX's `ctx.var` as in nginx; its `arg_` and `cookie_` are decoded by its own rules. */
const VARS: ReadonlySet<string> = new Set(['remote_addr', 'request_uri', 'query_string', 'host'])

/** APISIX takes the client's address where the header or variable is not there; it hashes an empty one. */
export function apisixKey(hashOn: ApisixHashOn, key: string, joinsLines: boolean, fail: Fail): RequestKey {
  const hashed = hashOn === 'header' ? headerKey(key, joinsLines, fail) : varsKey(key, joinsLines, fail)
  const client = variable('remote_addr', joinsLines, fail)
  return {
    headers: Object.freeze([...hashed.headers]),
    read(request: RequestLike): Uint8Array | undefined {
      const value = hashed.read(request) ?? client.read(request)
      return value === undefined ? undefined : wireBytes(value)
    },
  }
}

function headerKey(key: string, joinsLines: boolean, fail: Fail): Variable {
  if (typeof key !== 'string' || !/^[\w-]{1,256}$/.test(key)) throw fail('expected the name of a header')
  return variable(`http_${key.replaceAll('-', '_')}`, joinsLines, fail)
}

function varsKey(key: string, joinsLines: boolean, fail: Fail): Variable {
  if (VARS.has(key)) return variable(key, joinsLines, fail)
  throw fail(`cannot follow this variable; known are ${[...VARS].join(', ')}`)
}
