import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createSticky, header, type Sticky, type StickyOptions } from '@limpet/core'
import { type Forwarder, type ForwardOptions, forward } from '../../../src/index.ts'
import { type RawPod, type Script, startRawPod } from '../../../src/testing/raw-pod.ts'
import { type WatchedRouting, watchRouting } from '../../../src/testing/watched-routing.ts'
import { LOCALHOST } from './certificate.ts'
import { type ClientKind, clientOf, type Http2TestClient, http2Client, type TestClient } from './clients.ts'
import { type PodAnswer, type PodKind, type RunningPod, startPod } from './pods.ts'

/** The header of the key. */
export const KEY = 'x-session'

/** A gateway over TLS that speaks HTTP/2 and HTTP/1.1. */
export interface TestGateway {
  readonly port: number
  readonly pool: Sticky
  readonly routing: WatchedRouting
  readonly proxy: Forwarder
  readonly sessions: ReadonlySet<ServerHttp2Session>
}

/** What one test starts, and ends with it. */
export class Scene {
  readonly #closers: (() => unknown)[] = []

  async pod(kind: PodKind, answer: PodAnswer, http2 = {}, name = 'a'): Promise<RunningPod> {
    const pod = await startPod(kind, name, answer, http2)
    this.#closers.push(() => pod.kill())
    return pod
  }

  async rawPod(script: Script): Promise<RawPod> {
    const pod = await startRawPod('raw', script)
    this.#closers.push(() => pod.close())
    return pod
  }

  async gateway(
    pods: readonly Pick<RunningPod, 'endpoint'>[],
    options: ForwardOptions = {},
    sticky: Partial<StickyOptions> = {},
  ): Promise<TestGateway> {
    const pool = createSticky({
      key: header(KEY),
      ...sticky,
      endpoints: pods.map(({ endpoint }) => endpoint),
    })
    const routing = watchRouting(pool)
    const proxy = forward(routing, { tls: { ca: LOCALHOST, servername: 'localhost' }, ...options })
    const server = createSecureServer({ key: LOCALHOST, cert: LOCALHOST, allowHTTP1: true })
    const sockets = new Set<Socket>()
    const sessions = new Set<ServerHttp2Session>()
    server.on('request', proxy.request as never)
    server.on('checkContinue', proxy.checkContinue as never)
    server.on('upgrade', proxy.upgrade)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
    })
    server.on('session', (session) => {
      sessions.add(session)
      session.on('error', () => undefined)
      session.once('close', () => sessions.delete(session))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#closers.push(async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await proxy.close({ graceMs: 0 })
      await pool.close()
    })
    return { port: (server.address() as AddressInfo).port, pool, routing, proxy, sessions }
  }

  client(kind: ClientKind, port: number): TestClient {
    return this.#kept(clientOf(kind, port))
  }

  http2Client(port: number): Http2TestClient {
    return this.#kept(http2Client(port))
  }

  /** Runs `close` at the end of the test. */
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }

  #kept<T extends { close(): void }>(client: T): T {
    this.#closers.push(() => client.close())
    return client
  }
}

/** Resolves when `condition` holds; looks after each turn of the event loop, for at most 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${condition}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
