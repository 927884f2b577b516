import type { Endpoint } from '@limpet/core'
import type { DownstreamRequest } from '../downstream/downstream-request.ts'
import { ClientHeaders, type ForwardedOptions } from './client-headers.ts'
import { connectionNames, isHopByHop } from './hop-by-hop.ts'
import { isMovedHeader } from './moved-header.ts'
import { handOnNeverIndexed } from './never-indexed.ts'
import { requestTarget } from './request-target.ts'
import { isShadowHeader } from './shadow-headers.ts'

/** How the body of a request is framed towards the pod. */
export type BodyFraming = 'none' | 'sized' | 'chunked'

/** The head of a request as it goes to a pod, in the form of no version of HTTP. */
export interface RequestHead {
  readonly method: string
  /** In origin form, or `*`. */
  target: string
  /** Names and values in turn, `Host` among them; none that concern one connection alone. */
  readonly headers: string[]
  /** Whether a body follows, and whether `headers` tell its length. */
  readonly framing: BodyFraming
  /** The protocol to switch to: the value of the Upgrade header. */
  readonly upgrade: string | undefined
  /** The client takes trailers (`TE: trailers`), and so do we. */
  readonly takesTrailers: boolean
}

/** What the head of a request is written with. */
export interface HeadOptions extends ForwardedOptions {
  readonly host: 'preserve' | 'endpoint'
  readonly path: ((request: DownstreamRequest) => string) | undefined
  /** Whether X-Limpet-Moved is ours to write: then the client's is never passed on. */
  readonly movedHeader: boolean
  /** Names in lower case that `Connection` cannot name away: what the key is read from. */
  readonly keyHeaders: readonly string[]
}

/** What of one request decides about its head. */
export interface HeadOfRequest {
  readonly framing: BodyFraming
  readonly endpoint: Endpoint
  /** The value of the Upgrade header, to ask the pod to switch protocols. */
  readonly upgrade?: string | undefined
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue?: boolean | undefined
  /** Why the endpoint that had the request's key was lost, if the key has moved. */
  readonly movedCause?: string | undefined
}

/**
 * The head of the request towards the pod. Built in one walk over `rawHeaders`, which keeps case, order and repetition;
 * `request.headers` is never touched over HTTP/1.1, where it would be built for it.
 *
 * @throws what `options.path` throws
 */
export function requestHead(
  request: DownstreamRequest,
  about: HeadOfRequest,
  options: HeadOptions,
): RequestHead {
  const { rawHeaders } = request
  const { framing, endpoint, upgrade, expectsContinue = false, movedCause } = about
  const named = connectionNames(rawHeaders, options.keyHeaders)
  const client = new ClientHeaders(request, options)
  // Host stands first, as RFC 9110, 7.2 recommends; its value is known at the end.
  const headers: string[] = ['Host', '']
  let host = ''
  let takesTrailers = false
  /** Where the value of the Cookie header stands, if HTTP/2 sends it in pieces. */
  let cookieAt = 0
  const isHttp2 = request.httpVersionMajor === 2
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    // The pseudo header fields of HTTP/2 (RFC 9113, 8.3).
    if (name.charCodeAt(0) === COLON) {
      if (name === ':authority' && host === '') host = value
      continue
    }
    if (isHopByHop(name)) {
      if (name.length === 2 && TRAILERS.test(value)) takesTrailers = true
      continue
    }
    if (named?.has(name.toLowerCase())) continue
    if (options.movedHeader && isMovedHeader(name)) continue
    if (isHost(name)) {
      // HTTP/2 may send both; a second Host would let two readers see two requests.
      if (host === '') host = value
      continue
    }
    if (isShadowHeader(name) || client.takes(name, value)) continue
    if (isHttp2 && name === 'cookie') {
      // HTTP/1.1 has one Cookie header (RFC 9113, 8.2.3).
      if (cookieAt > 0) {
        headers[cookieAt] += `; ${value}`
        continue
      }
      cookieAt = headers.length + 1
    }
    headers.push(name, value)
  }
  headers[1] = options.host === 'endpoint' || host === '' ? authorityOf(endpoint) : host
  client.write(headers, host)
  if (isHttp2) handOnNeverIndexed(request.headers, headers)
  if (options.movedHeader && movedCause !== undefined) headers.push('X-Limpet-Moved', movedCause)
  if (expectsContinue) headers.push('Expect', '100-continue')
  return {
    method: request.method ?? 'GET',
    target: requestTarget(request, options.path),
    headers,
    framing,
    upgrade,
    takesTrailers,
  }
}

const COLON = 0x3a
/** The member `trailers` of the list TE (RFC 9110, 10.1.4); the others are codings, which no pod has for us. */
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host'
}

/** What a Host header calls the endpoint. */
export function authorityOf({ host, port, protocol, socketPath }: Endpoint): string {
  if (socketPath !== undefined) return host
  const name = host.includes(':') ? `[${host}]` : host
  return port === (protocol === 'http:' ? 80 : 443) ? name : `${name}:${port}`
}
