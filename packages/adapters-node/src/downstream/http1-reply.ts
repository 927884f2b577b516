import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerError, type ErrorAnswer } from '../error-answer.ts'
import { pairsOf } from '../headers/pairs.ts'
import type { Reply, ReplyListener } from './reply.ts'

/** A body of at most this many bytes leaves together with its head, in one write. */
const SMALL_BODY = 8_192

/** A response in HTTP/1.1, over node's own. */
export class Http1Reply implements Reply {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #listener: ReplyListener
  #waitsForDrain = false

  constructor(request: IncomingMessage, response: ServerResponse, listener: ReplyListener) {
    this.#request = request
    this.#response = response
    this.#listener = listener
    response.once('close', () => listener.closed(response.writableFinished))
  }

  get isEnded(): boolean {
    return this.#response.writableEnded
  }

  interim(status: number, headers: readonly string[]): void {
    const response = this.#response
    if (response.headersSent || this.#request.httpVersionMinor === 0) return
    if (status === 100) {
      response.writeContinue()
      return
    }
    // node offers 103 with links alone. Its socket is there only while it is this response's turn (pipelining).
    response.socket?.write(interimText(status, headers), 'latin1')
  }

  head(status: number, reason: string, headers: string[], endsConnection: boolean): void {
    if (endsConnection) headers.push('Connection', 'close')
    const response = this.#response
    if (indexOf(headers, 'trailer') >= 0 && !this.#isChunked(status, headers)) dropAnnouncement(headers)
    try {
      response.writeHead(status, reason, headers)
    } catch (error) {
      // The reason is the pod's: not for the answer that follows.
      response.statusMessage = ''
      throw error
    }
  }

  flush(): void {
    // Not flushHeaders(), which writes the head as UTF-8: a value of bytes above ASCII would arrive as another.
    this.#response.write('', 'latin1')
  }

  write(chunk: Buffer): boolean {
    const isRoomLeft = this.#response.write(chunk)
    if (!isRoomLeft && !this.#waitsForDrain) {
      this.#waitsForDrain = true
      this.#response.once('drain', () => {
        this.#waitsForDrain = false
        this.#listener.caughtUp()
      })
    }
    return isRoomLeft
  }

  end(body?: Buffer, trailers?: readonly string[]): void {
    const response = this.#response
    if (trailers !== undefined && trailers.length > 0) response.addTrailers(pairsOf(trailers))
    if (body === undefined || body.length === 0) response.end()
    // As text, node joins it with the head: one write instead of a gathered one.
    else if (body.length <= SMALL_BODY) response.end(body.toString('latin1'), 'latin1')
    else response.end(body)
  }

  fail(answer: ErrorAnswer): void {
    answerError(this.#request, this.#response, answer)
  }

  /** Whether node will send the body in chunks, the one coding that has room for trailers. */
  #isChunked(status: number, headers: readonly string[]): boolean {
    const { method, httpVersionMinor } = this.#request
    if (httpVersionMinor === 0 || method === 'HEAD' || status === 204 || status === 304) return false
    return indexOf(headers, 'content-length') < 0
  }
}

/** Trailers that are announced and cannot come: node refuses to send such a head. */
function dropAnnouncement(headers: string[]): void {
  for (let at = indexOf(headers, 'trailer'); at >= 0; at = indexOf(headers, 'trailer')) headers.splice(at, 2)
}

function indexOf(headers: readonly string[], lowerName: string): number {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return i
  }
  return -1
}

function interimText(status: number, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${status === 103 ? 'Early Hints' : 'Processing'}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}
