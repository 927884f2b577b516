import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ScenarioGateway } from '@limpet/adapters-node/testing'
import type { Routing } from '@limpet/core'
import type express from 'express'
import { type StickyProxyOptions, stickyProxy } from '../src/index.ts'

/** Starts an Express app with `stickyProxy()` at its mount path, on a free port. `prepare` adds what comes before it. */
export async function startExpress(
  create: typeof express,
  routing: Routing,
  options: StickyProxyOptions = {},
  prepare: (app: express.Express) => void = () => undefined,
): Promise<ScenarioGateway> {
  const app = create()
  prepare(app)
  const proxy = stickyProxy(routing, options)
  app.use(options.mountPath ?? '/', proxy)
  const server = createServer(app).on('upgrade', proxy.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    ...(options.mountPath !== undefined && { mountPath: options.mountPath }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await proxy.close()
      server.closeAllConnections()
      await closed
    },
  }
}
