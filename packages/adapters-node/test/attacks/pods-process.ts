import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answer } from '../../bench/part.ts'
import { acceptUpgrade } from '../../src/testing/websocket-echo.ts'

// The pods behind the gateway under attack, in a process of their own. The path says how they answer.

/** What the pods hold at one moment. */
export interface PodsState {
  readonly sockets: number
  readonly requests: number
  /** Connections that the gateway opened so far. */
  readonly connections: number
}

/** What writes to the socket itself ends it: node would queue its next response behind the one it knows nothing of. */
type Behaviour = (request: IncomingMessage, response: ServerResponse, size: number) => void

const sockets = new Set<Socket>()
let requests = 0
let connections = 0

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  echo: (request, response) => {
    let length = 0
    request.on('data', (piece: Buffer) => {
      length += piece.length
    })
    request.on('end', () => response.end(JSON.stringify({ length })))
  },
  bytes: (_request, response, size) => {
    response.setHeader('content-length', size)
    let left = size
    const piece = Buffer.alloc(65_536, '.')
    const send = () => {
      while (left > 0 && !response.destroyed) {
        const part = piece.subarray(0, left)
        left -= part.length
        if (!response.write(part)) return response.once('drain', send)
      }
      return response.end()
    }
    send()
  },
  silent: (request) => void request.resume(),
  /** One byte of the body after another, without end. */
  trickle: (_request, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 10)
    response.once('close', () => clearInterval(timer))
  },
  /** A piece of the head after another, without end. */
  drip: ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nx-drip: ')
    const timer = setInterval(() => socket.write('.'.repeat(64)), 10)
    socket.once('close', () => clearInterval(timer))
  },
  head: ({ socket }, _response, size) => {
    socket.end(`HTTP/1.1 200 OK\r\nx-huge: ${'a'.repeat(size)}\r\n\r\n`)
  },
  interim: ({ socket }, _response, count) => {
    socket.end(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(count)}HTTP/1.1 204 No Content\r\n\r\n`)
  },
  /** A body in chunks of one byte each. */
  chunks: ({ socket }, _response, count) => {
    socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\n.\r\n'.repeat(count)}0\r\n\r\n`)
  },
  half: ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.resetAndDestroy())
  },
  reset: ({ socket }) => void socket.resetAndDestroy(),
  early: (_request, response) => void response.writeHead(413).end('too much'),
}

async function listenOnce(name: string): Promise<number> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    requests++
    request.on('error', () => undefined)
    response.setHeader('x-pod', name)
    const [, behaves = '', size = '0'] = (request.url ?? '/').split('/')
    const behaviour = BEHAVIOURS[behaves] ?? BEHAVIOURS.echo
    behaviour?.(request, response, Number(size))
  })
  server.on('upgrade', (request, stream, head) => {
    requests++
    const socket = stream as Socket
    if (request.url === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    else if (request.url === '/silent') socket.resume()
    else acceptUpgrade('pod', request, socket, head)
  })
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const listen = (count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => listenOnce(`pod-${i}`)))
const state = (): PodsState => ({ sockets: sockets.size, requests, connections })

answer({ listen, state })
