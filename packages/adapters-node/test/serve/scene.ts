import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createSticky, header, type Sticky } from '@limpet/core'
import { type FakeClock, fakeClock } from '@limpet/core/testing'
import { afterEach } from 'vitest'
import { selfSigned } from '../../../core/test/support/self-signed.ts'
import { type Gateway, type ServeOptions, serve } from '../../src/index.ts'
import { type EchoPod, startEchoPod } from '../../src/testing/echo-pod.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Has this done when the test has ended. */
export function later(close: () => unknown): void {
  closers.push(close)
}

export const CERTIFICATE: ReturnType<typeof selfSigned> = selfSigned('localhost')

/** A gateway on a free port of 127.0.0.1 before a pod that answers when the test says so. */
export interface Scene {
  readonly clock: FakeClock
  readonly pool: Sticky
  readonly pod: EchoPod
  readonly gateway: Gateway
  /** The next request that the pod has not answered. */
  asked(): Promise<ServerResponse>
}

/** `now`: the pod answers `ok` at once. */
export async function gatewayScene(
  options: ServeOptions = {},
  answers: 'now' | 'when-told' = 'now',
): Promise<Scene> {
  const waiting: ServerResponse[] = []
  const wanted: ((response: ServerResponse) => void)[] = []
  const pod = await startEchoPod('p', {
    answer: (request, response) => {
      request.on('error', () => undefined)
      if (answers === 'now') request.resume() && response.end('ok')
      else if (wanted.length > 0) wanted.shift()?.(response)
      else waiting.push(response)
    },
  })
  later(() => pod.close())
  const clock = fakeClock()
  const pool = createSticky({ key: header('x'), endpoints: [pod.endpoint] })
  later(() => pool.close())
  const gateway = await serve(pool, { port: 0, host: '127.0.0.1', signals: false, clock, ...options })
  later(() => gateway.close({ graceMs: 0 }))
  const asked = () => {
    const first = waiting.shift()
    return first ? Promise.resolve(first) : new Promise<ServerResponse>((resolve) => wanted.push(resolve))
  }
  return { clock, pool, pod, gateway, asked }
}

/** A bare connection, and all that came on it. */
export interface RawClient {
  readonly socket: Socket
  readonly text: string
  /** Resolves when the text is in what came. */
  received(text: string): Promise<void>
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
}

export async function rawClient(
  port: number,
  socket: Socket = connect(port, '127.0.0.1'),
): Promise<RawClient> {
  let text = ''
  const waits = new Set<() => void>()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    for (const check of waits) check()
  })
  later(() => socket.destroy())
  await once(socket, socket.constructor.name === 'TLSSocket' ? 'secureConnect' : 'connect')
  return {
    socket,
    closed,
    get text() {
      return text
    },
    received: (part) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!text.includes(part)) return
          waits.delete(check)
          resolve()
        }
        waits.add(check)
        check()
        closed.then(() => reject(new Error(`closed after ${JSON.stringify(text)}`)))
      }),
  }
}

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A session of HTTP/2 that trusts the certificate of the tests, over a connection that stands or a new one. */
export function http2Client(
  { port }: Pick<Gateway, 'port'>,
  socket: Socket = connect(port, '127.0.0.1'),
): ClientHttp2Session {
  const tls = { socket, servername: 'localhost', ca: CERTIFICATE.cert, ALPNProtocols: ['h2'] }
  const session = connectHttp2('https://localhost', { createConnection: () => connectTls(tls) })
  socket.on('error', (error) => session.destroy(error))
  session.on('error', () => undefined)
  later(() => session.destroy())
  return session
}

/** Moves time on by small steps, with a turn of the event loop after each, until the promise is settled. */
export async function advanceUntil(
  clock: FakeClock,
  promise: Promise<unknown>,
  mostMs: number,
): Promise<number> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let ms = 0; ; ms += 50) {
    for (let turn = 0; turn < 5 && !isSettled; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (isSettled) return ms
    if (ms >= mostMs) throw new Error(`not settled after ${mostMs} ms`)
    clock.advance(50)
  }
}
