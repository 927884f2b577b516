import { createServer, type Server, type Socket } from 'node:net'
import { RequestReader } from './request-reader.ts'
import type { Order, Report, Script, Step } from './script.ts'

/** A port of this process and all that happened on it. */
interface Port {
  readonly id: number
  readonly name: string
  readonly script: Script
  readonly server: Server
  readonly readers: RequestReader[]
  readonly open: Set<Socket>
  /** Resolves when the test says `go`. */
  readonly word: Promise<void>
  readonly go: () => void
  connections: number
  isAskedToCount: boolean
}

type Listen = Order & { readonly order: 'listen' }

const ports = new Map<number, Port>()
const tell = (report: Report) => process.send?.(report)

process.on('disconnect', () => process.exit())
process.on('message', (order: Order) => {
  if (order.order === 'listen') return listen(order)
  const port = ports.get(order.id) as Port
  if (order.order === 'go') port.go()
  else if (order.order === 'unlisten') port.server.close(() => tell({ report: 'unlistened', id: port.id }))
  else {
    port.isAskedToCount = true
    // A script that reads no more does not see the end of its connection.
    for (const socket of port.open) socket.resume()
    countIfQuiet(port)
  }
})

function listen({ id, name, host, port: number, backlog, script }: Listen): void {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Half-open: a pod ends its side when its script says so.
  const server = createServer({ allowHalfOpen: true }, (socket) => accept(port, socket))
  const port: Port = {
    id,
    name,
    script,
    server,
    readers: [],
    open: new Set(),
    word: promise,
    go: resolve,
    connections: 0,
    isAskedToCount: false,
  }
  ports.set(id, port)
  server.listen({ host, port: number, backlog }, () => {
    const address = server.address() as { port: number }
    tell({ report: 'listening', id, port: address.port })
  })
}

function accept(port: Port, socket: Socket): void {
  const { script, open, id } = port
  const steps = port.connections++ === 0 ? script.first : script.later
  open.add(socket)
  socket.on('error', () => undefined)
  socket.once('close', () => {
    open.delete(socket)
    tell({ report: 'closed', id })
    countIfQuiet(port)
  })
  void new Play(port, socket).run(steps)
}

function countIfQuiet({ id, isAskedToCount, open, readers }: Port): void {
  if (!isAskedToCount || open.size > 0) return
  const sum = (of: 'bodyBytes' | 'streamBytes') => readers.reduce((total, reader) => total + reader[of], 0)
  tell({ report: 'count', id, bodyBytes: sum('bodyBytes'), streamBytes: sum('streamBytes') })
}

/** A script played on one connection. */
class Play {
  readonly #port: Port
  readonly #socket: Socket
  readonly #reader = new RequestReader()
  /** Requests that steps before the present one have read, and their bytes. */
  #readRequests = 0
  #readBytes = 0
  /** The protocol was switched to one that echoes. */
  #echoes = false
  #wake: () => void = () => undefined

  constructor(port: Port, socket: Socket) {
    this.#port = port
    this.#socket = socket
    port.readers.push(this.#reader)
    socket.on('data', (chunk: Buffer) => {
      const before = this.#reader.heads
      this.#reader.read(chunk)
      for (let i = before; i < this.#reader.heads; i++) tell({ report: 'head', id: port.id })
      if (this.#echoes) socket.write(chunk)
      this.#wake()
    })
    // The gateway has given up: so does the pod, unless its script ends the connection itself.
    socket.once('end', () => socket.end())
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step)
      if (this.#socket.destroyed) return
    }
  }

  async #take(step: Step): Promise<void> {
    const { id, word } = this.#port
    switch (step.do) {
      case 'read':
        return this.#read(step.until)
      case 'serve':
        do await this.#serve()
        while (step.times === 'always' && !this.#reader.isStream)
        return
      case 'send':
        if (step.bytes.startsWith('HTTP/1.1 101 ')) this.#reader.isStream = true
        return this.#send(step.bytes)
      case 'wait':
        tell({ report: 'waiting', id, for: step.for })
        return word
      case 'stop reading':
        this.#socket.pause()
        return
      case 'half-close':
        this.#socket.end()
        return
      case 'close':
        this.#socket.destroy()
        return
      case 'reset':
        this.#socket.resetAndDestroy()
        return
    }
  }

  async #read(until: 'first byte' | 'head' | 'request'): Promise<void> {
    const reader = this.#reader
    const wanted = this.#readRequests + 1
    const isHere = () =>
      until === 'first byte'
        ? reader.bytes > this.#readBytes
        : (until === 'head' ? reader.heads : reader.requests) >= wanted
    while (!isHere()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (until !== 'request') return
    this.#readRequests = wanted
    this.#readBytes = reader.bytes
  }

  async #serve(): Promise<void> {
    await this.#read('request')
    const { name } = this.#port
    if (!this.#reader.asksUpgrade) {
      return this.#send(`HTTP/1.1 200 OK\r\nX-Pod: ${name}\r\nContent-Length: 5\r\n\r\nwhole`)
    }
    this.#reader.isStream = true
    this.#echoes = true
    return this.#send(
      `HTTP/1.1 101 Switching Protocols\r\nX-Pod: ${name}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
    )
  }

  #send(bytes: string): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, 'latin1', () => resolve()))
  }
}
