import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { digest } from './body-pattern.ts'

/** Header fields to send; a list sends the field once for each value. */
export type SentHeaders = Readonly<Record<string, string | readonly string[]>>

/** A request as a scenario writes it. */
export interface RequestInit {
  /** Default `GET`. */
  readonly method?: string
  /** Below the gateway's mount path. Default `/`. */
  readonly path?: string
  readonly headers?: SentHeaders
  /** Bytes are sent with a length, pieces chunked. */
  readonly body?: Buffer | Iterable<Buffer>
}

/** What came back, as far as it came. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly bodySha256: string
  /** False: the connection ended before the answer did. */
  readonly complete: boolean
  json<T>(): T
}

/** An answer whose head is here; the body is not read yet. */
export interface OpenAnswer {
  readonly status: number
  readonly message: IncomingMessage
  /** Goes away without a word, as a closed browser tab. */
  abort(): void
}

/** A request under way whose answer nobody awaits yet. */
export interface OpenRequest {
  readonly socket: Promise<Socket>
  /** Sends a piece of the body. */
  write(piece: Buffer): void
  /** Rejects with what the connection failed with. */
  readonly answer: Promise<OpenAnswer>
  abort(): void
}

/** A client of one gateway, with kept-alive connections as a browser has. */
export interface Client {
  /** Sends a request and reads its answer to the end. Rejects only if no head of an answer came. */
  send(init?: RequestInit): Promise<Answer>
  /** Sends a request, or only its first part: with `body: 'later'` its body is written by the scenario. */
  open(init?: Omit<RequestInit, 'body'> & { readonly body?: 'later' }): OpenRequest
  close(): void
}

/** Connections at once: above every scenario's concurrency, so that the client never is what makes requests wait. */
const MOST_CONNECTIONS = 256

/** A client of the gateway on this port. */
export function clientOf(port: number, mountPath: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS })
  const start = (init: Omit<RequestInit, 'body'>, extra: Record<string, string | number> = {}) => {
    const { method = 'GET', path = '/', headers = {} } = init
    return httpRequest({
      host: '127.0.0.1',
      port,
      agent,
      method,
      path: mountPath + path,
      headers: { ...(headers as Record<string, string | string[]>), ...extra },
    })
  }

  return {
    send(init = {}) {
      const { body } = init
      const isSized = Buffer.isBuffer(body)
      const request = start(init, isSized ? { 'content-length': body.length } : {})
      return new Promise((resolve, reject) => {
        request.on('error', reject)
        request.on('response', (message) => {
          // An answer may come, and the connection end, before the body is sent: the answer is what counts.
          request.off('error', reject)
          request.on('error', () => {})
          readAnswer(message).then(resolve, reject)
        })
        if (body === undefined || isSized) request.end(body)
        else Readable.from(body).pipe(request)
      })
    },

    open(init = {}) {
      const request = start(init, init.body === 'later' ? { 'transfer-encoding': 'chunked' } : {})
      const socket = new Promise<Socket>((resolve) => request.once('socket', resolve))
      const answer = new Promise<OpenAnswer>((resolve, reject) => {
        request.on('error', reject)
        request.on('response', (message) => {
          message.on('error', () => {})
          resolve({ status: message.statusCode ?? 0, message, abort: () => request.destroy() })
        })
      })
      // A scenario that aborts does not await the answer.
      answer.catch(() => {})
      if (init.body === 'later') request.flushHeaders()
      else request.end()
      return { socket, answer, write: (piece) => request.write(piece), abort: () => request.destroy() }
    },

    close: () => agent.destroy(),
  }
}

/** Reads a message to its end, or to where it breaks off. */
export async function readAnswer(message: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of message) pieces.push(piece as Buffer)
  } catch {
    // `complete` tells it.
  }
  const body = Buffer.concat(pieces)
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    body,
    bodySha256: digest([body]),
    complete: message.complete,
    json: () => JSON.parse(body.toString()),
  }
}
