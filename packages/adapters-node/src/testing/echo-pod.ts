import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { EndpointInit } from '@limpet/core'
import { type HeldPort, holdPort, listen } from './held-port.ts'
import { acceptUpgrade } from './websocket-echo.ts'

/** What an echo pod says about a request that it got. */
export interface Echo {
  readonly pod: string
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly bodyLength: number
  readonly bodySha256: string
}

/** How a pod answers where it should do something else than echo. */
export interface PodBehaviour {
  /** Default: answers {@link Echo} when the body has ended. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
  /** Default: accepts it and sends every byte back. */
  readonly upgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void
}

/** A pod of the tests: an HTTP server that knows its name and tells what reached it. */
export interface EchoPod {
  readonly name: string
  readonly endpoint: EndpointInit
  /** Requests that reached it, upgrades not among them. */
  readonly requests: number
  readonly upgrades: number
  /** Resolves when no request and no upgraded connection is under way. */
  idle(): Promise<void>
  /** As SIGKILL: every connection is reset, and new ones are refused. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** Starts a pod on a free port. */
export async function startEchoPod(name: string, behaviour: PodBehaviour = {}): Promise<EchoPod> {
  const { answer = (request, response) => echo(name, request, response), upgrade } = behaviour
  const sockets = new Set<Socket>()
  let held: HeldPort | undefined
  let requests = 0
  let upgrades = 0
  let underWay = 0
  let waiting: (() => void)[] = []

  const begin = (end: { once(event: 'close', listener: () => void): unknown }) => {
    underWay++
    end.once('close', () => {
      underWay--
      if (underWay > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    })
  }

  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests++
    begin(response)
    answer(request, response)
  })
  server.on('upgrade', (request, stream, head) => {
    const socket = stream as Socket
    upgrades++
    begin(socket)
    socket.on('error', () => {})
    if (upgrade) upgrade(request, socket, head)
    else acceptUpgrade(name, request, socket, head)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const port = await listen(server)

  const stop = () => {
    if (server.listening) server.close()
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    name,
    endpoint: { name, host: '127.0.0.1', port },
    get requests() {
      return requests
    },
    get upgrades() {
      return upgrades
    },
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    async kill() {
      stop()
      held = await holdPort(port)
    },
    async close() {
      stop()
      held?.release()
    },
  }
}

function echo(pod: string, request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256')
  let bodyLength = 0
  request.on('data', (piece: Buffer) => {
    hash.update(piece)
    bodyLength += piece.length
  })
  request.on('error', () => response.destroy())
  request.on('end', () => {
    const { method = '', url = '', headers, rawHeaders } = request
    const told: Echo = { pod, method, url, headers, rawHeaders, bodyLength, bodySha256: hash.digest('hex') }
    response.setHeader('content-type', 'application/json')
    response.setHeader('x-pod', pod)
    response.end(JSON.stringify(told))
  })
}
