import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Endpoint } from '@limpet/core'
import { connectionNames, isHopByHop } from './hop-by-hop.ts'
import { isMovedHeader } from './moved-header.ts'
import { isShadowHeader } from './shadow-headers.ts'
import { originForm } from './target-check.ts'

/** How the body of a request is framed towards the pod. */
export type BodyFraming = 'none' | 'sized' | 'chunked'

/** What the head of a request is written with. */
export interface HeadOptions {
  readonly host: 'preserve' | 'endpoint'
  /** Whether the peer may say for whom it speaks in X-Forwarded-* and Forwarded. */
  readonly isTrusted: (request: IncomingMessage) => boolean
  readonly path: ((request: IncomingMessage) => string) | undefined
  /** Whether X-Limpet-Moved is ours to write: then the client's is never passed on. */
  readonly movedHeader: boolean
}

/** A request target with nothing that could end the request line. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/

/**
 * The head of the request towards the pod, as the latin1 text that is written. Built in one walk over `rawHeaders`, which
 * keeps case, order and repetition; `request.headers` is never touched.
 *
 * `upgrade`: the value of the Upgrade header, to ask the pod to switch protocols. `cause`: why the endpoint that had the
 * request's key was lost, if the key has moved.
 */
export function requestHead(
  request: IncomingMessage,
  endpoint: Endpoint,
  framing: BodyFraming,
  options: HeadOptions,
  upgrade?: string,
  cause?: string,
): string {
  const { rawHeaders } = request
  const named = connectionNames(rawHeaders)
  const keepsForwarded = options.isTrusted(request)
  let head = `${request.method} ${targetOf(request, options)} HTTP/1.1\r\n`
  let host = ''
  let forwardedFor = ''
  let forwarded = 0
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (isHopByHop(name) || named?.has(name.toLowerCase())) continue
    if (options.movedHeader && isMovedHeader(name)) continue
    if (isShadowHeader(name)) continue
    const value = rawHeaders[i + 1] as string
    const kind = forwardKind(name)
    if (kind === HOST) {
      if (host === '') host = value
      if (options.host === 'endpoint') continue
    } else if (kind !== 0) {
      if (!keepsForwarded) continue
      forwarded |= kind
      if (kind === FOR) {
        forwardedFor = forwardedFor === '' ? value : `${forwardedFor}, ${value}`
        continue
      }
    }
    head += `${name}: ${value}\r\n`
  }
  if (options.host === 'endpoint' || host === '') head += `Host: ${authority(endpoint)}\r\n`
  const { socket } = request
  const peer = plainAddress(socket.remoteAddress ?? 'unknown')
  head += `X-Forwarded-For: ${forwardedFor === '' ? peer : `${forwardedFor}, ${peer}`}\r\n`
  const isTls = (socket as TLSSocket).encrypted === true
  if (!(forwarded & PROTO)) head += `X-Forwarded-Proto: ${isTls ? 'https' : 'http'}\r\n`
  if (!(forwarded & FORWARDED_HOST) && host !== '') head += `X-Forwarded-Host: ${host}\r\n`
  if (!(forwarded & PORT) && socket.localPort !== undefined)
    head += `X-Forwarded-Port: ${socket.localPort}\r\n`
  if (options.movedHeader && cause !== undefined) head += `X-Limpet-Moved: ${cause}\r\n`
  if (framing === 'chunked') head += 'Transfer-Encoding: chunked\r\n'
  head +=
    upgrade === undefined
      ? 'Connection: keep-alive\r\n\r\n'
      : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`
  return head
}

/** How the request's own head frames its body. node:http refuses requests with both framings. */
export function bodyFraming({ rawHeaders }: IncomingMessage): BodyFraming {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      return Number(rawHeaders[i + 1]) > 0 ? 'sized' : 'none'
    }
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return 'chunked'
  }
  return 'none'
}

const HOST = 1
const FOR = 2
const PROTO = 4
const FORWARDED_HOST = 8
const PORT = 16
const FORWARDED = 32

/** Which of the headers that tell the pod of its client this is; 0 for any other. */
function forwardKind(name: string): number {
  switch (name.length) {
    case 4:
      return name.toLowerCase() === 'host' ? HOST : 0
    case 9:
      return name.toLowerCase() === 'forwarded' ? FORWARDED : 0
    case 15:
      return name.toLowerCase() === 'x-forwarded-for' ? FOR : 0
    case 16: {
      const lower = name.toLowerCase()
      return lower === 'x-forwarded-host' ? FORWARDED_HOST : lower === 'x-forwarded-port' ? PORT : 0
    }
    case 17:
      return name.toLowerCase() === 'x-forwarded-proto' ? PROTO : 0
    default:
      return 0
  }
}

/** The target in origin form; an absolute one (RFC 9112, 3.2.2) loses its scheme and authority. */
function targetOf(request: IncomingMessage, { path }: HeadOptions): string {
  const target = originForm(request.method ?? '', path ? path(request) : (request.url ?? '/'))
  return target !== undefined && TARGET.test(target) ? target : '/'
}

function authority({ host, port, protocol }: Endpoint): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (protocol === 'http:' ? 80 : 443) ? name : `${name}:${port}`
}

/** A dual-stack socket shows IPv4 peers as `::ffff:10.0.0.1`; pods expect `10.0.0.1`. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
