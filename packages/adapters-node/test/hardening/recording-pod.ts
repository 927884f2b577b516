import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Message, readRequests } from './message-reader.ts'
import { writeBytewise } from './raw-client.ts'

/** What the pod answers a request with: bytes as latin1 text, and whether it ends the connection behind them. */
export type PodAnswer = (request: Message) => {
  readonly bytes: string
  readonly ends?: boolean
  /** Each byte in a turn of its own. */
  readonly isBytewise?: boolean
}

/** One connection, with every byte that came on it. */
export interface PodConnection {
  bytes: string
  isClosed: boolean
  /** How many requests were answered. */
  answered: number
}

/** A pod on the bare socket: keeps every byte, and answers each request that its strict reader finds. */
export class RecordingPod {
  readonly connections: PodConnection[] = []
  readonly #server: Server
  readonly #answer: PodAnswer
  readonly #sockets = new Set<Socket>()
  #waiting: (() => void)[] = []

  constructor(answer: PodAnswer) {
    this.#answer = answer
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when this holds; it is asked again whenever bytes come or a connection is closed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Says these bytes, as latin1 text, on every open connection. */
  say(bytes: string): void {
    for (const socket of this.#sockets) socket.write(bytes, 'latin1')
  }

  /** Forgets what idle connections have sent, and closed ones altogether. */
  forget(): void {
    const open = this.connections.filter(({ isClosed }) => !isClosed)
    this.connections.length = 0
    for (const connection of open) {
      connection.bytes = ''
      connection.answered = 0
      this.connections.push(connection)
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    const connection: PodConnection = { bytes: '', isClosed: false, answered: 0 }
    this.connections.push(connection)
    this.#sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      connection.isClosed = true
      this.#sockets.delete(socket)
      this.#wake()
    })
    socket.on('data', (text: string) => {
      connection.bytes += text
      const { messages } = readRequests(connection.bytes)
      for (const message of messages.slice(connection.answered)) {
        connection.answered++
        void this.#send(socket, this.#answer(message))
      }
      this.#wake()
    })
  }

  async #send(socket: Socket, { bytes, ends, isBytewise }: ReturnType<PodAnswer>): Promise<void> {
    if (isBytewise) await writeBytewise(socket, bytes)
    else socket.write(bytes, 'latin1')
    if (ends) socket.end()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Answers 200 with the request line as body, so that each answer tells whose it is. */
export const ownAnswer: PodAnswer = ({ start }) => {
  const body = start.startsWith('HEAD ') ? '' : start
  return {
    bytes: `HTTP/1.1 200 OK\r\nX-Answer-To: ${start}\r\nContent-Length: ${start.length}\r\n\r\n${body}`,
  }
}
