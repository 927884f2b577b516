import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RefusedRoute, StickyError } from '@limpet/core'
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
export function errorAnswer({ code, message }: Pick<StickyError, 'code' | 'message'>): ErrorAnswer {
  return { status: STATUS_OF_CODE[code] ?? 500, code, message }
}

/** Writes an error answer. */
export function answerError(request: IncomingMessage, response: ServerResponse, answer: ErrorAnswer): void {
  answerJson(request, response, answer.status, bodyOf(answer))
}

/** Writes an answer of our own; a response that has begun is cut instead, so that the client sees it is incomplete. */
export function answerJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string,
): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  }
  if (status === 503) headers['retry-after'] = 1
  if (status === 405) headers.allow = 'GET, POST'
  // The rest of the body would have to be read to reach the next request of this connection.
  if (!request.complete) headers.connection = 'close'
  response.writeHead(status, headers)
  response.end(body)
}

/**
 * Answers a refused route as `forward()` does: its status, `{ "code", "message" }` as JSON.
 *
 * @public
 */
export function answerRefused(request: IncomingMessage, response: ServerResponse, route: RefusedRoute): void {
  answerError(request, response, refusalAnswer(route))
}

/** The body of an error answer: JSON. */
export function bodyOf({ code, message }: ErrorAnswer): string {
  return JSON.stringify({ code, message })
}
