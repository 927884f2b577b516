import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { RefusedRoute } from '@limpet/core'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import { cutStream, stopUpload } from './downstream/http2-stream.ts'
import { grpcTrailers, isGrpc } from './headers/grpc.ts'
import { http2Trailers } from './headers/http2-fields.ts'
import { type ProxyErrorCode, STATUS_OF_CODE } from './status.ts'

/** What an error answer says: a code for programs and a sentence for people. Never a stack, a key or bytes of a pod. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: ProxyErrorCode
  readonly message: string
}

/** The answer to a refused route. */
export function refusalAnswer({ reason, message, status }: RefusedRoute): ErrorAnswer {
  return { status: status ?? STATUS_OF_CODE[reason] ?? 500, code: reason, message }
}

/** The answer to a failure. */
export function errorAnswer({ code, message }: Omit<ErrorAnswer, 'status'>): ErrorAnswer {
  return { status: STATUS_OF_CODE[code] ?? 500, code, message }
}

/** Writes an error answer: JSON, and to a call of gRPC its status without a body (gRPC over HTTP/2, Trailers-Only). */
export function answerError(
  request: DownstreamRequest,
  response: DownstreamResponse,
  answer: ErrorAnswer,
): void {
  if (isHttp2(request) && isGrpc(request)) return answerCall(request, answer)
  answerJson(request, response, answer.status, bodyOf(answer))
}

/** Writes an answer of our own; a response that has begun is cut instead, so that the client sees it is incomplete. */
export function answerJson(
  request: DownstreamRequest,
  response: DownstreamResponse,
  status: number,
  body: string,
): void {
  if (response.headersSent) return cutResponse(response)
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  }
  if (status === 503) headers['retry-after'] = 1
  if (status === 405) headers.allow = 'GET, POST'
  if (isHttp2(request)) return answerOnStream(request, status, headers, body)
  // The rest of the body would have to be read to reach the next request of this connection.
  if (!request.complete) headers.connection = 'close'
  ;(response as ServerResponse).writeHead(status, headers)
  response.end(body)
}

/**
 * Answers a refused route as `forward()` does: its status, `{ "code", "message" }` as JSON.
 *
 * @public
 */
export function answerRefused(
  request: DownstreamRequest,
  response: DownstreamResponse,
  route: RefusedRoute,
): void {
  answerError(request, response, refusalAnswer(route))
}

/** The same on a bare socket, whose connection it ends. */
export function answerErrorOnSocket(socket: Duplex, answer: ErrorAnswer): void {
  const body = bodyOf(answer)
  const retry = answer.status === 503 ? 'retry-after: 1\r\n' : ''
  socket.end(
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${retry}\r\n${body}`,
  )
}

/** The body of an error answer: JSON. */
export function bodyOf({ code, message }: ErrorAnswer): string {
  return JSON.stringify({ code, message })
}

function answerCall(request: Http2ServerRequest, { status, code, message }: ErrorAnswer): void {
  const fields = {
    'content-type': 'application/grpc',
    ...http2Trailers(grpcTrailers(status, `${code}: ${message}`)),
  }
  answerOnStream(request, 200, fields, '')
}

function answerOnStream(
  request: Http2ServerRequest,
  status: number,
  fields: Readonly<Record<string, string | number>>,
  body: string,
): void {
  const { stream } = request
  if (stream.closed) return
  if (stream.headersSent) return cutStream(stream)
  const isWhole = body === '' || request.method === 'HEAD'
  stream.respond({ ...fields, ':status': status }, { endStream: isWhole })
  if (!isWhole) stream.end(body)
  stopUpload(request, false)
}

/** Ends a response at once, so that the client sees that it is incomplete. */
export function cutResponse(response: DownstreamResponse): void {
  if ('stream' in response) cutStream(response.stream)
  else response.destroy()
}

function isHttp2(request: DownstreamRequest): request is Http2ServerRequest {
  return 'stream' in request
}
