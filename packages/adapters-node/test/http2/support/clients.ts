import type { IncomingHttpHeaders } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { Agent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LOCALHOST } from './certificate.ts'

/** A request as a test writes it. */
export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: Iterable<Buffer> | AsyncIterable<Buffer>
  readonly trailers?: Readonly<Record<string, string>>
}

/** What came back. */
export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly trailers: Readonly<Record<string, unknown>>
  /** Status and headers of each interim response. */
  readonly interim: readonly { readonly status: number; readonly headers: IncomingHttpHeaders }[]
  /** False: it broke off. */
  readonly isComplete: boolean
}

/** A client of one gateway, over TLS, with one connection. */
export interface TestClient {
  readonly version: '1.1' | '2'
  ask(asked?: Asked): Promise<Answered>
  close(): void
}

export type ClientKind = 'h1' | 'h2'

export const CLIENT_KINDS: readonly ClientKind[] = ['h1', 'h2']

/** A client that speaks this version, and that one only. */
export function clientOf(kind: ClientKind, port: number): TestClient {
  return kind === 'h1' ? http1Client(port) : http2Client(port)
}

function http1Client(port: number): TestClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: LOCALHOST, ALPNProtocols: ['http/1.1'] })
  return {
    version: '1.1',
    close: () => agent.destroy(),
    ask: ({ method = 'GET', path = '/', headers = {}, body, trailers } = {}) =>
      new Promise((resolve, reject) => {
        const request = httpsRequest({ host: 'localhost', port, agent, method, path, headers })
        const interim: Answered['interim'][number][] = []
        request.on('information', ({ statusCode, headers }) => interim.push({ status: statusCode, headers }))
        request.on('error', reject)
        request.on('response', async (response) => {
          request.off('error', reject).on('error', () => undefined)
          const pieces: Buffer[] = []
          try {
            for await (const piece of response) pieces.push(piece as Buffer)
          } catch {
            // `isComplete` tells it.
          }
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
            trailers: response.trailers,
            interim,
            isComplete: response.complete,
          })
        })
        if (trailers) request.addTrailers(trailers)
        if (body) pipeline(Readable.from(body), request).catch(() => undefined)
        else request.end()
      }),
  }
}

/** A client with one session, which is there for tests that look at streams. */
export interface Http2TestClient extends TestClient {
  readonly session: ClientHttp2Session
  /** Opens a stream and leaves it to the test. */
  open(headers: OutgoingHttpHeaders, options?: { readonly endStream?: boolean }): ClientHttp2Stream
}

export function http2Client(port: number): Http2TestClient {
  const session = connect(`https://localhost:${port}`, { ca: LOCALHOST })
  session.on('error', () => undefined)
  return {
    version: '2',
    session,
    close: () => session.destroy(),
    open(headers, options = {}) {
      const stream = session.request(headers, options)
      stream.on('error', () => undefined)
      return stream
    },
    ask: ({ method = 'GET', path = '/', headers = {}, body, trailers } = {}) => {
      const stream = session.request(
        { ':method': method, ':path': path, ...headers },
        { endStream: body === undefined, waitForTrailers: trailers !== undefined },
      )
      if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
      if (body) pipeline(Readable.from(body), stream).catch(() => undefined)
      return readStream(stream)
    },
  }
}

/** Reads the response on a stream to its end, or to where it breaks off. */
export function readStream(stream: ClientHttp2Stream): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const interim: Answered['interim'][number][] = []
    const pieces: Buffer[] = []
    let head: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined
    let trailers: Readonly<Record<string, unknown>> = {}
    let hasEnded = false
    stream.on('headers', (headers) => interim.push({ status: headers[':status'] ?? 0, headers }))
    stream.on('response', (headers) => {
      head = headers
    })
    stream.on('trailers', (headers) => {
      trailers = headers
    })
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => {
      hasEnded = true
    })
    stream.on('error', () => undefined)
    stream.once('close', () => {
      if (!head) return reject(new Error(`no response; reset with ${stream.rstCode}`))
      resolve({
        status: head[':status'] ?? 0,
        headers: head,
        body: Buffer.concat(pieces),
        trailers,
        interim,
        isComplete: hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      })
    })
  })
}
