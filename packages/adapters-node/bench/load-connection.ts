import { connect, type Socket } from 'node:net'
import { BACKENDS, END, type RequestTemplate, type Workload } from './workload.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const FIRST_NAME = 'a'.charCodeAt(0)

/** Every read of every connection lands here and is used up before the next, which spares a buffer per read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536)

/** What a connection tells the load it belongs to. */
export interface LoadListener {
  /** A whole, correct response; `backend` is the index of who answered. */
  answered(connection: LoadConnection, backend: number): void
  failed(error: Error): void
}

/** One keep-alive client connection with at most one request under way. Every response is checked. */
export class LoadConnection {
  readonly #socket: Socket
  readonly #listener: LoadListener
  readonly #responseBody: number
  readonly #request: Buffer
  readonly #keyOffset: number
  #partial: Buffer | undefined = undefined
  #bodyLeft = 0
  #backend = -1
  #isWaiting = false
  /** Index of the key of the request under way, and when it was sent in milliseconds. */
  key = 0
  sentAt = 0

  constructor(port: number, workload: Workload, template: RequestTemplate, listener: LoadListener) {
    this.#listener = listener
    this.#responseBody = workload.responseBody
    this.#request = Buffer.from(template.bytes)
    this.#keyOffset = template.keyOffset
    const callback = (length: number): boolean => {
      this.#received(READ_BUFFER.subarray(0, length))
      return true
    }
    const onread = { buffer: READ_BUFFER, callback }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket.once('error', (error) => listener.failed(error))
    this.#socket.once('close', () => {
      if (this.#isWaiting)
        listener.failed(new Error('the proxy closed a connection before its response was complete'))
    })
  }

  /** Sends the next request. The whole response to the last one has arrived, so its bytes may be overwritten. */
  send(key: number, keyText: string, now: number): void {
    this.key = key
    this.sentAt = now
    this.#isWaiting = true
    this.#request.write(keyText, this.#keyOffset, 'latin1')
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#isWaiting = false
    this.#socket.destroy()
  }

  #received(bytes: Buffer): void {
    if (!this.#isWaiting) this.#fail('bytes after the end of a response')
    else if (this.#bodyLeft > 0) this.#readBody(bytes)
    else this.#readHead(this.#partial ? Buffer.concat([this.#partial, bytes]) : bytes)
  }

  #readHead(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END)
    this.#partial = end < 0 ? Buffer.from(bytes) : undefined
    if (end < 0) return
    const head = bytes.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (!head.startsWith('HTTP/1.1 200 ') || Number(length) !== this.#responseBody) {
      this.#fail(`a wrong response head: ${JSON.stringify(head)}`)
      return
    }
    this.#bodyLeft = this.#responseBody
    this.#backend = -1
    const body = bytes.subarray(end + HEAD_END.length)
    if (body.length > 0) this.#readBody(body)
  }

  #readBody(bytes: Buffer): void {
    if (this.#backend < 0) this.#backend = (bytes[0] as number) - FIRST_NAME
    this.#bodyLeft -= bytes.length
    if (this.#bodyLeft > 0) return
    if (this.#bodyLeft < 0 || bytes.at(-1) !== END || BACKENDS[this.#backend] === undefined) {
      this.#fail('a wrong response body')
      return
    }
    this.#isWaiting = false
    this.#listener.answered(this, this.#backend)
  }

  #fail(reason: string): void {
    this.close()
    this.#listener.failed(new Error(reason))
  }
}
