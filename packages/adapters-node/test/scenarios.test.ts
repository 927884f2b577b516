import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'vitest'
import { forward } from '../src/index.ts'
import { adapterScenarios, type StartGateway } from '../src/testing/index.ts'

const startGateway: StartGateway = async (routing, options = {}) => {
  const proxy = forward(routing, options)
  const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await proxy.close()
      server.closeAllConnections()
      await closed
    },
  }
}

describe('forward()', () => {
  adapterScenarios({ describe, it: (name, run) => it(name, run, 30_000) }, startGateway)
})
