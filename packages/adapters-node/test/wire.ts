import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { createSticky, header, type Routing, type StickyOptions } from '@limpet/core'
import { onTestFinished } from 'vitest'
import { type Forwarder, type ForwardOptions, forward } from '../src/index.ts'
import { type WatchedRouting, watchRouting } from '../src/testing/watched-routing.ts'

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
export const END_OF_HEAD = '\r\n\r\n'

/** One end of a connection as latin1 text: what came on it is taken piece by piece. */
export class Wire {
  readonly socket: Socket
  /** What came and was not taken. */
  text = ''
  isClosed = false
  #waiting: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('error', () => undefined)
    socket.on('data', (part: string) => {
      this.text += part
      this.#wake()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
    onTestFinished(() => void socket.destroy())
  }

  write(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Takes everything up to `end`, and that too. Rejects if the connection is closed before. */
  async take(end: string = END_OF_HEAD): Promise<string> {
    while (!this.text.includes(end)) {
      if (this.isClosed) throw new Error(`closed before ${JSON.stringify(end)}: ${this.text}`)
      await this.#news()
    }
    const length = this.text.indexOf(end) + end.length
    const taken = this.text.slice(0, length)
    this.text = this.text.slice(length)
    return taken
  }

  /** Takes all that is left, once the other side has closed. */
  async rest(): Promise<string> {
    while (!this.isClosed) await this.#news()
    const rest = this.text
    this.text = ''
    return rest
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** A pod scripted on the bare socket. */
export interface WirePod {
  readonly url: string
  readonly wires: readonly Wire[]
}

/** Listens on a free port until the test is over. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Plays `script` on each connection, the `count`th from 1; it ends silently when its connection is closed. */
export async function wirePod(script: (wire: Wire, count: number) => unknown): Promise<WirePod> {
  const wires: Wire[] = []
  const server = createTcpServer((socket) => {
    const wire = new Wire(socket)
    wires.push(wire)
    void (async () => script(wire, wires.length))().catch(() => undefined)
  })
  return { url: `http://127.0.0.1:${await listening(server)}`, wires }
}

/** Answers each request of a connection with these bytes; bodies are not looked at. */
export function answering(bytes: string): (wire: Wire) => Promise<void> {
  return async (wire) => {
    for (;;) {
      await wire.take()
      wire.write(bytes)
    }
  }
}

export interface WireGateway {
  readonly port: number
  readonly proxy: Forwarder
  readonly routing: WatchedRouting
  /** A new connection of a client. */
  client(): Wire
  /** Sends one request and answers everything that came until its connection was closed. */
  ask(head: string, body?: string): Promise<string>
}

/** How a gateway of {@link wireGateway} is set up. */
export interface WireGatewayOptions {
  readonly pool?: Omit<Partial<StickyOptions>, 'endpoints'>
  /** False: node tells clients to go on by itself. */
  readonly checkContinue?: boolean
}

/** A gateway in front of these endpoints, or of a routing. */
export async function wireGateway(
  behind: StickyOptions['endpoints'] | Routing,
  options: ForwardOptions = {},
  { pool = {}, checkContinue = true }: WireGatewayOptions = {},
): Promise<WireGateway> {
  const isRouting = 'route' in behind
  const made = isRouting ? behind : createSticky({ key: header('x'), ...pool, endpoints: behind })
  const routing = watchRouting(made)
  const proxy = forward(routing, options)
  const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
  if (checkContinue) server.on('checkContinue', proxy.checkContinue)
  const port = await listening(server)
  onTestFinished(async () => {
    server.closeAllConnections()
    await proxy.close({ graceMs: 0 })
    await made.close()
  })
  const client = () => new Wire(connect(port, '127.0.0.1'))
  return {
    port,
    proxy,
    routing,
    client,
    async ask(head, body = '') {
      const wire = client()
      wire.write(`${head}\r\nHost: shop\r\nX: k\r\nConnection: close\r\n\r\n${body}`)
      return wire.rest()
    },
  }
}

/** The code of an error answer of the gateway. */
export function codeOf(answer: string): string {
  return (JSON.parse(answer.slice(answer.indexOf(END_OF_HEAD))) as { code: string }).code
}

/** The status line of an answer. */
export function statusLineOf(answer: string): string {
  return answer.slice(0, answer.indexOf('\r\n'))
}

/** Values of a header of a message, in order. */
export function valuesOf(message: string, name: string): string[] {
  const head = message.slice(0, message.indexOf(END_OF_HEAD))
  return head
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim())
}

/** Resolves once this holds. It is asked again in each turn of the event loop: bounded by the time limit of the test. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
