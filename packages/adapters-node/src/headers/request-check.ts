import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { StickyError } from '@limpet/core'
import type { DownstreamRequest, DownstreamResponse } from '../downstream/downstream-request.ts'
import { targetFault } from './target-check.ts'

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/
/** No zero in front, which some read as octal; 15 digits stay exact in a double. */
const LENGTH = /^(?:0|[1-9]\d{0,14})$/
const METHOD = /^[A-Z][A-Z-]*$/
/** A name or an IP literal, and a port (RFC 3986, 3.2.2); without the comma, which joins two. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/

/** Connections that have sent a malformed request. What follows on them is nobody's request. */
const refused = new WeakSet<object>()

/**
 * The error of a request that a pod could read as another one, or as two; undefined if there is none. After it its
 * connection serves nothing more: where the next request begins is as uncertain. `response`: none for an upgrade.
 *
 * The parser of node:http has refused most of this before. Here is what it lets through, and what it lets through with
 * `insecureHTTPParser`.
 */
export function requestError(
  request: DownstreamRequest,
  response?: DownstreamResponse,
): StickyError | undefined {
  if ('stream' in request) return errorOf(http2RequestFault(request))
  const fault = refused.has(request.socket)
    ? 'it follows another that was malformed'
    : requestFault(request, response === undefined)
  if (fault === undefined) return undefined
  refused.add(request.socket)
  if (response) (response as ServerResponse).shouldKeepAlive = false
  return errorOf(fault)
}

function errorOf(fault: string | undefined): StickyError | undefined {
  return fault === undefined
    ? undefined
    : new StickyError('request-malformed', `the request is malformed: ${fault}`)
}

/**
 * What is wrong with the head of an HTTP/2 request, or undefined. Each stream stands for itself, so that the others of its
 * connection go on. Framing, names and values are checked by nghttp2 (RFC 9113, 8.2 and 8.3), which resets the stream; what
 * HTTP/1.1 would read as another authority is left to us.
 */
export function http2RequestFault({ rawHeaders, method, url }: Http2ServerRequest): string | undefined {
  // nghttp2 takes any token, and HTTP/1.1 pods none that they do not know.
  if (!METHOD.test(method)) return 'its method is not in upper case'
  let authority: string | undefined
  let host: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name === ':authority') authority = rawHeaders[i + 1]
    if (name === 'content-length' && !LENGTH.test(rawHeaders[i + 1] as string)) {
      return 'content-length is no plain number'
    }
    if (name !== 'host') continue
    if (host !== undefined) return 'Host is repeated'
    host = rawHeaders[i + 1]
  }
  if (authority !== undefined && !HOST.test(authority)) return ':authority names no host'
  if (host !== undefined && !HOST.test(host)) return 'Host names no host'
  // A pod that goes by the one and a pod that goes by the other must not serve different sites (RFC 9113, 8.3.1).
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    return 'its :authority and its Host header name two'
  }
  return targetFault(method, url, authority ?? host)
}

/** What is wrong with a request's head, or undefined. */
export function requestFault(request: IncomingMessage, isUpgrade: boolean): string | undefined {
  const { rawHeaders, httpVersion, method = '', url = '/' } = request
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'its version is neither HTTP/1.0 nor HTTP/1.1'
  if (mayLackHeaders(request)) return 'it has more headers than maxHeadersCount of the server'
  let host: string | undefined
  let length: string | undefined
  let isChunked = false
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    if (!TOKEN.test(name)) return 'a header has a name that is no token'
    if (CONTROL.test(value)) return 'a header holds a control character'
    switch (name.length) {
      case 4:
        if (name.toLowerCase() !== 'host') break
        if (host !== undefined || !HOST.test(value)) return 'Host is repeated or names no host'
        host = value
        break
      case 14:
        if (name.toLowerCase() !== 'content-length') break
        if (length !== undefined || !LENGTH.test(value))
          return 'Content-Length is repeated or no plain number'
        length = value
        break
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break
        if (isChunked || value.toLowerCase() !== 'chunked') return 'Transfer-Encoding is not just chunked'
        isChunked = true
        break
    }
  }
  if (isChunked && length !== undefined) return 'it has both Content-Length and Transfer-Encoding'
  if (isChunked && httpVersion === '1.0') return 'it has a Transfer-Encoding and is HTTP/1.0'
  // node:http hands the body over as the first bytes of the new protocol, and the pod would still wait for a body.
  if (isUpgrade && (isChunked || Number(length) > 0)) return 'it asks for an upgrade and has a body'
  return targetFault(method, url, host)
}

/** Headers that node's parser hands over at least, whatever the limit. */
const SURE_HEADERS = 31

/**
 * Whether node may have dropped headers above `maxHeadersCount` without a word, as versions before 24 do: Content-Length, Host
 * or the key among them, while its parser reads the body by them.
 */
function mayLackHeaders({ rawHeaders, socket }: IncomingMessage): boolean {
  const count = rawHeaders.length / 2
  if (count < SURE_HEADERS) return false
  const { server } = socket as { readonly server?: { readonly maxHeadersCount?: number | null } }
  const limit = server?.maxHeadersCount ?? 2_000
  return limit > 0 && count >= limit
}
