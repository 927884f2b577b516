import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { LOCALHOST } from './certificate.ts'
import type { LoadClient, LoadListener } from './load-client.ts'
import { BACKENDS, END, type RequestTemplate, type Workload } from './workload.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const FIRST_NAME = 'a'.charCodeAt(0)

/** Every read of every connection lands here and is used up before the next, which spares a buffer per read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536)

/** An HTTP/1.1 client: one connection kept alive, or one after the other. */
export class LoadConnection implements LoadClient {
  readonly #port: number
  readonly #workload: Workload
  readonly #listener: LoadListener
  readonly #request: Buffer
  readonly #keyOffset: number
  #socket: Socket | undefined = undefined
  #partial: Buffer | undefined = undefined
  #bodyLeft = 0
  #backend = -1
  #isWaiting = false
  key = 0
  sentAt = 0

  constructor(port: number, workload: Workload, template: RequestTemplate, listener: LoadListener) {
    this.#port = port
    this.#workload = workload
    this.#listener = listener
    this.#request = Buffer.from(template.bytes)
    this.#keyOffset = template.keyOffset
  }

  send(key: number, keyText: string, now: number): void {
    this.key = key
    this.sentAt = now
    this.#isWaiting = true
    this.#request.write(keyText, this.#keyOffset, 'latin1')
    this.#socket ??= this.#open()
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#isWaiting = false
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    const callback = (length: number): boolean => {
      this.#received(READ_BUFFER.subarray(0, length))
      return true
    }
    const options = { port: this.#port, host: '127.0.0.1', onread: { buffer: READ_BUFFER, callback } }
    const isTls = this.#workload.transport === 'tls'
    // For TLS, node's types lack onread; node has it.
    const socket: Socket = isTls ? connectTls({ ...options, ca: LOCALHOST }) : connect(options)
    socket.setNoDelay(true)
    socket.once('error', (error) => this.#listener.failed(error))
    socket.once('close', () => {
      if (this.#isWaiting && socket === this.#socket)
        this.#fail('the proxy closed a connection before its response was complete')
    })
    return socket
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
    if (!head.startsWith('HTTP/1.1 200 ') || Number(length) !== this.#workload.responseBody) {
      this.#fail(`a wrong response head: ${JSON.stringify(head)}`)
      return
    }
    this.#bodyLeft = this.#workload.responseBody
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
    if (this.#workload.reconnects) this.close()
    this.#listener.answered(this, this.#backend)
  }

  #fail(reason: string): void {
    this.close()
    this.#listener.failed(new Error(reason))
  }
}
