import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ForwardOptions, forward } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type Sticky, type StickyOptions } from '@limpet/core'
import { answer } from '../../bench/part.ts'
import { activeHandles, collectComplaints, type GatewayState, openDescriptors } from './state.ts'

// The gateway under attack, in a process of its own so that what it holds can be counted.

/** How the gateway is set up. */
export interface GatewaySetup {
  readonly pods: readonly number[]
  readonly forward: ForwardOptions
  readonly server: ServerOptions & {
    readonly maxConnections?: number
    readonly maxRequestsPerSocket?: number
  }
  readonly pool: Pick<StickyOptions, 'onLost' | 'maxWaiting' | 'confirmLoss'>
  readonly maxEntries: number
}

// Made when first asked for: made now, it is among the handles from the start.
void process.stdout
void process.stderr

const complaints = collectComplaints()
let pool: Sticky | undefined

async function listen({ pods, maxEntries, server: settings, ...options }: GatewaySetup): Promise<number> {
  pool = createSticky({
    key: header('x-session'),
    endpoints: pods.map((port) => `http://127.0.0.1:${port}`),
    table: memoryTable({ maxEntries }),
    ...options.pool,
  })
  const proxy = forward(pool, options.forward)
  const { maxConnections, maxRequestsPerSocket, ...own } = settings
  const server: Server = createServer(own, proxy.request).on('upgrade', proxy.upgrade)
  if (maxConnections !== undefined) server.maxConnections = maxConnections
  if (maxRequestsPerSocket !== undefined) server.maxRequestsPerSocket = maxRequestsPerSocket
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Two collections: what a finalizer lets go in the first one goes in the second. */
function collect(): void {
  globalThis.gc?.()
  globalThis.gc?.()
}

function state({ collects }: { readonly collects: boolean }): GatewayState {
  if (collects) collect()
  const { rss, heapUsed, external } = process.memoryUsage()
  const stats = pool?.stats()
  return {
    rss,
    heapUsed,
    external,
    descriptors: openDescriptors(),
    handles: activeHandles(),
    inFlight: stats?.inFlight ?? 0,
    waiting: (stats?.waiting.hold ?? 0) + (stats?.waiting.snapshot ?? 0),
    moves: Object.values(stats?.moves ?? {}).reduce((sum, count) => sum + count, 0),
    complaints,
  }
}

answer({ listen, state })
