import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSticky, header, memoryTable } from '@limpet/core'
import { forward } from '../../src/index.ts'
import { inOrder } from '../../src/testing/in-order.ts'
import { watchRouting } from '../../src/testing/watched-routing.ts'
import { KEY } from './client.ts'
import type { Limit } from './fault.ts'

/** A limit that a fault runs into, and one that no request reaches. */
export const SHORT_MS = 2_000
const LONG_MS = 60_000

/** A pod as the pool knows it. */
interface Pod {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** A gateway in front of the pod with a fault and the next one. */
export interface Gateway {
  readonly port: number
  /** Binds the key of all requests to the pod with the fault, without a request. */
  bind(): void
  /** Called in the moment before the head of a request is written to a pod. */
  beforeSend: () => void
  /** Name of the pod that the key is bound to. */
  boundTo(): string | undefined
  /** Ends the gateway; rejects if a lease is left open. */
  close(): Promise<void>
}

export async function startGateway(pods: readonly Pod[], limit: Limit | undefined): Promise<Gateway> {
  const table = memoryTable()
  const endpoints = pods.map(({ name, host, port }) => ({ name, host, port }))
  const pool = createSticky({ key: header(KEY), endpoints, table, placement: inOrder })
  const routing = watchRouting(pool)
  const proxy = forward(routing, {
    connectTimeoutMs: LONG_MS,
    responseTimeoutMs: LONG_MS,
    idleTimeoutMs: LONG_MS,
    keepAliveMs: LONG_MS,
    ...(limit && { [limit]: SHORT_MS }),
    path(request) {
      gateway.beforeSend()
      return request.url as string
    },
  })
  const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const gateway: Gateway = {
    port: (server.address() as AddressInfo).port,
    beforeSend: () => undefined,
    bind() {
      const route = pool.route({ headers: { [KEY]: 'k' } })
      if ('then' in route) throw new Error('the pool has no snapshot yet')
      void route.settle({ status: 200 })
      route.done()
    },
    boundTo: () => table.lookup('k')?.identity,
    async close() {
      server.closeAllConnections()
      server.close()
      await routing.idle()
      await proxy.close()
      if (pool.inFlight !== 0) throw new Error('the pool counts a request that has ended')
      await pool.close()
    },
  }
  return gateway
}
