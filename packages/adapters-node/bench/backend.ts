import { type AddressInfo, createServer, type Socket } from 'node:net'
import { answer } from './part.ts'
import { BACKENDS, END, WORKLOADS } from './workload.ts'

// Three HTTP/1.1 keep-alive backends in one process, as cheap as node:net allows: whole answers are built in advance,
// and of a request only its end, its path and the length of its body are looked at.

const HEAD_END = Buffer.from('\r\n\r\n')
const POST = 'P'.charCodeAt(0)
const LARGE = 'l'.charCodeAt(0)
const BAD_REQUEST = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')

function response(name: string, length: number): Buffer {
  const body = Buffer.alloc(length, '.')
  body.write(name)
  body[length - 1] = END
  const head = [
    'HTTP/1.1 200 OK',
    'Date: Mon, 23 Nov 2026 10:00:00 GMT',
    'Content-Type: application/octet-stream',
    `Content-Length: ${length}`,
    'Cache-Control: no-store',
    'ETag: "5f3c-1a2b3c4d"',
    'Connection: keep-alive',
    '\r\n',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head), body])
}

interface Responses {
  readonly small: Buffer
  readonly large: Buffer
}

class BackendConnection {
  readonly #socket: Socket
  readonly #responses: Responses
  /** Bytes of a request head that has not ended yet. */
  #partial: Buffer | undefined = undefined
  /** Bytes of the request body still to come. */
  #bodyLeft = 0

  constructor(socket: Socket, responses: Responses) {
    this.#socket = socket
    this.#responses = responses
    // A proxy that is stopped resets its connections: no error of this run.
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
  }

  #received(chunk: Buffer): void {
    if (this.#bodyLeft > 0) this.#swallow(chunk)
    else this.#readHead(this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk)
  }

  #readHead(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END)
    this.#partial = end < 0 ? bytes : undefined
    if (end < 0) return
    const rest = bytes.subarray(end + HEAD_END.length)
    if (bytes[0] === POST) {
      const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
      this.#bodyLeft = Number(length)
      if (this.#bodyLeft !== WORKLOADS.post.requestBody) this.#refuse()
      else if (rest.length > 0) this.#swallow(rest)
    } else if (rest.length > 0) {
      this.#refuse()
    } else {
      this.#socket.write(bytes['GET /'.length] === LARGE ? this.#responses.large : this.#responses.small)
    }
  }

  #swallow(chunk: Buffer): void {
    this.#bodyLeft -= chunk.length
    if (this.#bodyLeft > 0) return
    if (this.#bodyLeft === 0 && chunk.at(-1) === END) this.#socket.write(this.#responses.small)
    else this.#refuse()
  }

  /** The load reports any status but 200, so that a request changed on its way fails the run. */
  #refuse(): void {
    this.#socket.end(BAD_REQUEST)
  }
}

function listen(name: string): Promise<number> {
  const responses = {
    small: response(name, WORKLOADS.small.responseBody),
    large: response(name, WORKLOADS.large.responseBody),
  }
  const server = createServer({ noDelay: true }, (socket) => new BackendConnection(socket, responses))
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

answer({ listen: () => Promise.all(BACKENDS.map(listen)) })
