import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '@limpet/core'
import { bodyOf, type ErrorAnswer } from '../error-answer.ts'
import { reset } from './upgraded-stream.ts'

/** How long a client that has its whole answer may take to close: it has nothing to wait for. */
const LINGER_MS = 1_000

/** What an answer needs to know of the options. */
export interface ClientAnswerOptions {
  readonly clock: Clock
  /** How long a client may take to read the end of its answer. */
  readonly idleTimeoutMs: number
}

/**
 * The answer to a request to switch protocols, on the bare socket, which is all that node:http leaves of it: there is no
 * response object, and no next request.
 */
export class ClientAnswer {
  readonly #client: Duplex
  readonly #options: ClientAnswerOptions
  readonly #isHead: boolean
  /** HTTP/1.0 knows no chunks: there the end of the connection ends the body. */
  readonly #knowsChunks: boolean
  #framing: 'none' | 'sized' | 'chunked' | 'until-close' = 'none'
  #hasBegun = false

  constructor(client: Duplex, request: IncomingMessage, options: ClientAnswerOptions) {
    this.#client = client
    this.#options = options
    this.#isHead = request.method === 'HEAD'
    this.#knowsChunks = request.httpVersion === '1.1'
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** The whole answer is an error of ours. */
  error(answer: ErrorAnswer): void {
    const { status } = answer
    const body = bodyOf(answer)
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))]
    headers.push('Cache-Control', 'no-store', 'Connection', 'close')
    if (status === 503) headers.push('Retry-After', '1')
    this.#hasBegun = true
    this.#client.write(headText(status, STATUS_CODES[status] ?? '', headers) + (this.#isHead ? '' : body))
    this.#endClient()
  }

  /** The pod's answer begins; see `ResponseReceiver.head`. `headers`: without those that concern one connection alone. */
  head(status: number, reason: string, headers: string[], body: Buffer | 'here' | 'later'): void {
    if (typeof body !== 'string') this.#framing = 'none'
    else if (hasLength(headers)) this.#framing = 'sized'
    else this.#framing = this.#knowsChunks ? 'chunked' : 'until-close'
    if (this.#framing === 'chunked') headers.push('Transfer-Encoding', 'chunked')
    headers.push('Connection', 'close')
    this.#hasBegun = true
    this.#client.write(headText(status, reason, headers), 'latin1')
    if (typeof body !== 'string' && body.length > 0) this.#client.write(body)
  }

  /** Writes a part of the body; false = wait for `drain`. */
  write(chunk: Buffer): boolean {
    const client = this.#client
    if (this.#framing !== 'chunked') return client.write(chunk)
    client.cork()
    client.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    client.write(chunk)
    const isRoomLeft = client.write('\r\n', 'latin1')
    client.uncork()
    return isRoomLeft
  }

  /** The pod's answer is complete. */
  end(trailers: readonly string[]): void {
    if (this.#framing === 'chunked') this.#client.write(`0\r\n${fieldLines(trailers)}\r\n`, 'latin1')
    this.#endClient()
  }

  /** The pod's answer broke off: the client must not take it for complete. */
  cut(): void {
    if (this.#framing === 'until-close') reset(this.#client)
    else this.#client.destroy()
  }

  /** The pod has switched: 101, and what came behind it. */
  switched(reason: string, headers: readonly string[], protocols: string, rest: Buffer): void {
    this.#hasBegun = true
    this.#client.cork()
    const fields = [...headers, 'Connection', 'Upgrade', 'Upgrade', protocols]
    this.#client.write(headText(101, reason, fields), 'latin1')
    if (rest.length > 0) this.#client.write(rest)
    this.#client.uncork()
  }

  /**
   * Ends the connection behind the answer. What the client still sends is read: a socket closed over unread bytes is reset,
   * and the reset may overtake the answer.
   */
  #endClient(): void {
    const client = this.#client
    const { clock, idleTimeoutMs } = this.#options
    const destroyIn = (delayMs: number) => clock.after(delayMs, () => client.destroy())
    let cancel = destroyIn(idleTimeoutMs)
    client.once('finish', () => {
      cancel()
      cancel = destroyIn(LINGER_MS)
    })
    client.once('close', () => cancel())
    client.resume()
    client.end()
  }
}

function headText(status: number, reason: string, headers: readonly string[]): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${fieldLines(headers)}\r\n`
}

function fieldLines(fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return text
}

function hasLength(headers: readonly string[]): boolean {
  return headers.some((name, i) => i % 2 === 0 && isLength(name))
}

function isLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length'
}
