import { once } from 'node:events'
import { createServer, type ServerOptions } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { forward } from '../../src/index.ts'
import { type PodAnswer, RecordingPod } from './recording-pod.ts'

/** The ports of a gateway, and its end. */
export interface Front {
  readonly port: number
  /** Where the same gateway speaks HTTP/2 in the clear. */
  readonly http2Port: number
  close(): Promise<void>
}

/** A gateway of `node:http` and `forward()`, and one pod behind it. */
export interface CorpusGateway extends Front {
  readonly pod: RecordingPod
}

/** `stallMs`: how long a client or the pod may be silent. */
export async function startGateway(
  answer: PodAnswer,
  options: ServerOptions = {},
  stallMs = 3_000,
): Promise<CorpusGateway> {
  const pod = new RecordingPod(answer)
  const front = await startFront(await pod.listen(), options, stallMs)
  const close = async () => {
    await front.close()
    await pod.close()
  }
  return { ...front, pod, close }
}

/** The same in front of a pod that runs already. */
export async function startFront(
  endpoint: string,
  options: ServerOptions = {},
  stallMs = 3_000,
): Promise<Front> {
  const sticky = createSticky({ key: header('x-session'), endpoints: [endpoint] })
  const proxy = forward(sticky, {
    responseTimeoutMs: stallMs,
    idleTimeoutMs: stallMs,
    keepAliveMs: 60_000,
  })
  const server = createServer(options, proxy.request).on('upgrade', proxy.upgrade)
  const http2 = createHttp2Server(proxy.request)
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  for (const each of [server, http2]) {
    each.listen(0, '127.0.0.1')
    await once(each, 'listening')
  }
  return {
    port: (server.address() as AddressInfo).port,
    http2Port: (http2.address() as AddressInfo).port,
    async close() {
      server.close()
      server.closeAllConnections()
      http2.close()
      for (const session of sessions) session.destroy()
      await proxy.close({ graceMs: 0 })
      await sticky.close()
    },
  }
}
