import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerErrorOnSocket, type ErrorAnswer, errorAnswer } from '../error-answer.ts'

/** How long a refused client may still send before its connection is cut: cut at once, it might never see the answer. */
const LINGER_MS = 1_000

/** An error of node:http's `clientError`, by the code of its parser where it is one. */
interface ClientError extends Error {
  readonly code?: string
}

/** The newest response of each HTTP/1.1 connection: what tells whether an answer of ours would be taken for another's. */
export class NewestResponses {
  readonly #newest = new WeakMap<Duplex, ServerResponse>()

  add(socket: Duplex, response: ServerResponse): void {
    this.#newest.set(socket, response)
  }

  /** Whether whatever is written now is read as the answer to what comes from the client now. */
  isTurnOfNext(socket: Duplex): boolean {
    const newest = this.#newest.get(socket)
    if (!newest) return true
    // Earlier answers go first: with the newest all of them are out.
    if (newest.req.complete) return newest.writableFinished
    // What comes is its body. Without a socket it waits for the answer to an earlier request.
    return !newest.headersSent && newest.socket !== null
  }
}

/**
 * Answers, as the listener of `clientError`, what cannot be read as a request, and ends the connection. Where the client
 * would take the answer for a part of another, or for the one to an earlier request, the connection is cut.
 */
export function answerClientError(
  error: ClientError,
  socket: Duplex & { readonly bytesRead?: number },
  responses: NewestResponses,
): void {
  // Answered before: more of the same came behind it, and reading it lets the client see the answer.
  if (socket.writableEnded) return
  // Nothing to answer to a connection that was opened ahead of its use, as browsers and load balancers do.
  const isUnused = socket.bytesRead === 0
  if (!socket.writable || isUnused || error.code === 'ECONNRESET' || !responses.isTurnOfNext(socket)) {
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
