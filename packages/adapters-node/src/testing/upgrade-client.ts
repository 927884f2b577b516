import { randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { type Answer, readAnswer, type SentHeaders } from './client.ts'
import { acceptValue } from './websocket-echo.ts'

/** An upgrade as a scenario writes it. */
export interface UpgradeInit {
  readonly path?: string
  readonly headers?: SentHeaders
  /** Bytes sent right behind the head, before the answer: some clients do not wait. */
  readonly early?: Buffer
}

/** What an upgrade led to: a connection of bytes, or an ordinary answer. */
export type UpgradeResult =
  | { readonly kind: 'upgraded'; readonly headers: IncomingHttpHeaders; readonly connection: Connection }
  | { readonly kind: 'answered'; readonly answer: Answer }

/** An upgraded connection. */
export interface Connection {
  send(bytes: Uint8Array): void
  /** The next `length` bytes. Rejects if the connection ends before. */
  receive(length: number): Promise<Buffer>
  /** Ends this side. */
  end(): void
  /** Goes away without a word. */
  abort(): void
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>
}

/** Asks the server on this port for a WebSocket. */
export function requestUpgrade(port: number, path: string, init: UpgradeInit): Promise<UpgradeResult> {
  const clientKey = randomBytes(16).toString('base64')
  const { early } = init
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    agent: false,
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': clientKey,
      ...(init.headers as Record<string, string | string[]>),
    },
  })
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (message) => {
      readAnswer(message).then((answer) => resolve({ kind: 'answered', answer }), reject)
    })
    request.on('upgrade', (message, socket, head) => {
      const { headers } = message
      if (headers['sec-websocket-accept'] === acceptValue(clientKey)) {
        resolve({ kind: 'upgraded', headers, connection: connectionOver(socket as Socket, head) })
        return
      }
      socket.destroy()
      reject(new Error('the 101 answer has a wrong Sec-WebSocket-Accept'))
    })
    if (early) request.once('socket', (socket) => request.once('finish', () => socket.write(early)))
    request.end()
  })
}

function connectionOver(socket: Socket, head: Buffer): Connection {
  let received = head
  let wanted: { length: number; resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined
  const serve = () => {
    if (!wanted || received.length < wanted.length) return
    const { length, resolve } = wanted
    wanted = undefined
    const bytes = received.subarray(0, length)
    received = received.subarray(length)
    resolve(bytes)
  }
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    serve()
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  void closed.then(() =>
    wanted?.reject(new Error(`closed after ${received.length} of ${wanted.length} bytes`)),
  )
  return {
    send: (bytes) => socket.write(bytes),
    receive: (length) =>
      new Promise((resolve, reject) => {
        wanted = { length, resolve, reject }
        serve()
        if (wanted && socket.destroyed) reject(new Error('the connection is closed'))
      }),
    end: () => socket.end(),
    abort: () => socket.resetAndDestroy(),
    closed,
  }
}
