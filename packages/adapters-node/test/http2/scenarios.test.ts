import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { Socket } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { describe, it } from 'vitest'
import { forward } from '../../src/index.ts'
import { listen } from '../../src/testing/held-port.ts'
import { adapterScenarios, type StartGateway } from '../../src/testing/index.ts'

/**
 * Two gateways in a row that speak h2c to each other: every scenario crosses HTTP/2 towards a pod, and from a client. The
 * outer one adds nothing of its own. An upgrade is no matter of HTTP/2, and goes to the inner one at once.
 */
const startGateway: StartGateway = async (routing, { responseTimeoutMs } = {}) => {
  // Everything runs in this process: its own pauses are not to look like a silent pod.
  const inner = forward(
    routing,
    responseTimeoutMs === undefined ? {} : { responseTimeoutMs: 5 * responseTimeoutMs },
  )
  const innerServer = createHttp2Server()
  innerServer.on('request', inner.request).on('checkContinue', inner.checkContinue)
  const innerSockets = new Set<Socket>()
  innerServer.on('connection', (socket: Socket) => {
    innerSockets.add(socket)
    socket.once('close', () => innerSockets.delete(socket))
  })
  const innerPort = await listen(innerServer)

  const pool = createSticky({ endpoints: [`h2c://127.0.0.1:${innerPort}`], key: header('x-no-key') })
  const outer = forward(pool, { forwarded: 'none', trustedProxies: ['127.0.0.1'], maxHeadBytes: 65_536 })
  const outerServer = createHttpServer(outer.request)
  outerServer.on('checkContinue', outer.checkContinue).on('upgrade', inner.upgrade)
  const port = await listen(outerServer)
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => outerServer.close(resolve))
      outerServer.closeAllConnections()
      await Promise.all([outer.close({ graceMs: 0 }), inner.close({ graceMs: 0 }), closed])
      innerServer.close()
      for (const socket of innerSockets) socket.destroy()
      await pool.close()
    },
  }
}

describe('forward() over h2c', () => {
  adapterScenarios({ describe, it: (name, run) => it(name, run, 30_000) }, startGateway)
})
