import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { LOCALHOST } from './certificate.ts'
import type { LoadClient, LoadListener } from './load-client.ts'
import { BACKENDS, END, requestHeaders, type Workload } from './workload.ts'

const FIRST_NAME = 'a'.charCodeAt(0)

/** An HTTP/2 client: one stream after the other on a session that others use too. Sends no body. */
export class LoadStream implements LoadClient {
  readonly #session: ClientHttp2Session
  readonly #headers: OutgoingHttpHeaders
  readonly #responseBody: number
  readonly #listener: LoadListener
  #isClosed = false
  key = 0
  sentAt = 0

  constructor(
    session: ClientHttp2Session,
    headers: OutgoingHttpHeaders,
    { responseBody }: Workload,
    listener: LoadListener,
  ) {
    this.#session = session
    this.#headers = headers
    this.#responseBody = responseBody
    this.#listener = listener
  }

  send(key: number, keyText: string, now: number): void {
    this.key = key
    this.sentAt = now
    const stream = this.#session.request({ ...this.#headers, 'x-session': keyText })
    let status: number | undefined
    let length: string | undefined
    let received = 0
    let backend = -1
    let last = -1
    stream.on('response', (headers) => {
      status = headers[':status']
      length = headers['content-length']
    })
    stream.on('data', (chunk: Buffer) => {
      if (received === 0) backend = (chunk[0] as number) - FIRST_NAME
      received += chunk.length
      last = chunk.at(-1) as number
    })
    stream.on('error', (error) => this.#fail(error.message))
    this.#onceEnded(stream, () => {
      if (status !== 200 || Number(length) !== this.#responseBody)
        this.#fail(`a wrong response head: status ${status}, content-length ${length}`)
      else if (received !== this.#responseBody || last !== END || BACKENDS[backend] === undefined)
        this.#fail('a wrong response body')
      else this.#listener.answered(this, backend)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#session.destroy()
  }

  #onceEnded(stream: ClientHttp2Stream, ended: () => void): void {
    let hasEnded = false
    stream.on('end', () => {
      hasEnded = true
      ended()
    })
    stream.on('close', () => {
      if (!hasEnded) this.#fail(`a stream was closed before its response was complete (${stream.rstCode})`)
    })
  }

  #fail(reason: string): void {
    if (!this.#isClosed) this.#listener.failed(new Error(reason))
  }
}

/** `count` clients, as many to a session as the workload says. */
export function loadStreams(
  port: number,
  workload: Workload,
  count: number,
  listener: LoadListener,
): LoadStream[] {
  const { method, path, streams } = workload
  const named = requestHeaders(workload).map(([name, value]) => [name.toLowerCase(), value])
  const { host, ...others } = Object.fromEntries(named)
  const headers = { ':method': method, ':path': path, ':authority': host, ...others }
  const sessions = Array.from({ length: Math.ceil(count / streams) }, () => {
    const session = connect(`https://127.0.0.1:${port}`, { ca: LOCALHOST })
    session.once('error', (error) => listener.failed(error))
    return session
  })
  return Array.from(
    { length: count },
    (_, index) =>
      new LoadStream(sessions[index % sessions.length] as ClientHttp2Session, headers, workload, listener),
  )
}
