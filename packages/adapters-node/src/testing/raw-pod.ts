import { createServer, type Socket } from 'node:net'
import type { EndpointInit } from '@limpet/core'
import { listen } from './held-port.ts'

/** What a raw pod does with a connection that it has accepted. */
export type Script = (socket: Socket) => void

/** A pod scripted on the bare socket: what no HTTP server would send. */
export interface RawPod {
  readonly name: string
  readonly endpoint: EndpointInit
  /** Connections accepted so far. */
  readonly connections: number
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Starts a pod on a free port that plays `script` on every connection. */
export async function startRawPod(name: string, script: Script): Promise<RawPod> {
  const sockets = new Set<Socket>()
  let connections = 0
  let waiting: (() => void)[] = []
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    })
    script(socket)
  })
  const port = await listen(server)
  return {
    name,
    endpoint: { name, host: '127.0.0.1', port },
    get connections() {
      return connections
    },
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    async close() {
      server.close()
      for (const socket of sockets) socket.resetAndDestroy()
    },
  }
}

/** Resets the connection as soon as it stands: a pod behind a proxy that has lost it. */
export const resetAtOnce: Script = (socket) => {
  socket.resetAndDestroy()
}

/** Reads the head of a request and resets the connection. */
export const resetAfterHead: Script = (socket) => {
  afterHead(socket, () => socket.resetAndDestroy())
}

/** Reads, and never answers. */
export const silence: Script = (socket) => {
  socket.resume()
}

/** Sends these bytes after the head of a request, then `end`s the connection or leaves it open. */
export function answerBytes(bytes: string, then: 'end' | 'stay'): Script {
  return (socket) => {
    afterHead(socket, () => {
      if (then === 'end') socket.end(bytes, 'latin1')
      else socket.write(bytes, 'latin1')
    })
  }
}

/** Begins a correct answer and sends header lines for ever, as fast as they are taken. */
export const endlessHeader: Script = (socket) => {
  const line = `x-more: ${'a'.repeat(1_000)}\r\n`
  const send = () => {
    while (!socket.destroyed && socket.write(line));
  }
  afterHead(socket, () => {
    socket.on('drain', send)
    socket.write('HTTP/1.1 200 OK\r\n')
    send()
  })
}

function afterHead(socket: Socket, act: () => void): void {
  let seen = ''
  socket.on('data', function read(bytes: Buffer) {
    seen += bytes.toString('latin1')
    if (!seen.includes('\r\n\r\n')) return
    socket.off('data', read)
    socket.resume()
    act()
  })
}
