import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { EndpointInit } from '@limpet/core'
import { LOCALHOST } from './certificate.ts'

/** How a pod is spoken to. */
export type PodKind = 'h1' | 'h2c' | 'h2'

export const POD_KINDS: readonly PodKind[] = ['h1', 'h2c', 'h2']

/** A request at a pod, in either version. */
export type PodRequest = IncomingMessage | Http2ServerRequest

/** What answers it. */
export type PodResponse = ServerResponse & Partial<Pick<Http2ServerResponse, 'stream'>>

/** What a pod does with a request. */
export type PodAnswer = (request: PodRequest, response: PodResponse) => unknown

/** A pod that is running. */
export interface RunningPod {
  readonly endpoint: EndpointInit
  readonly port: number
  /** Connections that were accepted. */
  readonly connections: number
  /** HTTP/2 sessions that are open. */
  readonly sessions: ReadonlySet<ServerHttp2Session>
  /** As SIGKILL: every connection is reset, and new ones are refused. */
  kill(): Promise<void>
}

/** Starts a pod of this kind on a free port; `http2` are options of its HTTP/2 server. */
export async function startPod(
  kind: PodKind,
  name: string,
  answer: PodAnswer,
  http2: ServerOptions = {},
): Promise<RunningPod> {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  let connections = 0
  const server = serverOf(kind, answer as never, http2)
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    endpoint: {
      name,
      host: '127.0.0.1',
      port,
      protocol: kind === 'h2' ? 'https:' : 'http:',
      httpVersion: kind === 'h1' ? '1.1' : '2',
    },
    get connections() {
      return connections
    },
    sessions,
    async kill() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.resetAndDestroy()
      await closed
    },
  }
}

function serverOf(kind: PodKind, answer: never, http2: ServerOptions): Server {
  if (kind === 'h1') return createServer({ keepAliveTimeout: 0 }, answer)
  if (kind === 'h2c') return createHttp2Server(http2, answer)
  return createSecureServer({ key: LOCALHOST, cert: LOCALHOST, ...http2 }, answer)
}
