import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerErrorOnSocket, type ErrorAnswer, errorAnswer } from '../error-answer.ts'

/** How long a refused client may still send before its connection is cut: cut at once, it might never see the answer. */
const LINGER_MS = 1_000

/** An error of node:http's `clientError`, by the code of its parser where it is one. */
interface ClientError extends Error {
  readonly code?: string
}

/** A socket as node:http keeps it: with the response that it is at. */
interface ServedSocket extends Duplex {
  readonly bytesRead?: number
  readonly _httpMessage?: ServerResponse | null
}

/**
 * Listener of `clientError`: answers what cannot be read as a request, and ends the connection. Never within another
 * response, where the client would take it for a part of that, or for the answer to an earlier request.
 */
export function answerClientError(error: ClientError, socket: ServedSocket): void {
  // Answered before: more of the same came behind it, and reading it lets the client see the answer.
  if (socket.writableEnded) return
  const response = socket._httpMessage
  const isFree = !response || (!response.headersSent && !response.req.complete)
  // Nothing to answer to a connection that was opened ahead of its use, as browsers and load balancers do.
  const isUnused = socket.bytesRead === 0
  if (!socket.writable || !isFree || isUnused || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  answerErrorOnSocket(socket, answerTo(error))
  const cut = setTimeout(() => socket.destroy(), LINGER_MS)
  cut.unref()
  socket.once('close', () => clearTimeout(cut))
}

function answerTo({ code }: ClientError): ErrorAnswer {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return errorAnswer({ code: 'head-too-large', message: 'the head of the request is too large' })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return errorAnswer({ code: 'client-stalled', message: 'the request did not arrive in time' })
    default:
      return errorAnswer({ code: 'request-malformed', message: 'the request is not valid HTTP/1.1' })
  }
}
