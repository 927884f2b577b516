import { type ForwardOptions, type ServeLimits, serve } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type Sticky } from '@limpet/core'
import { answer } from '../../bench/part.ts'
import { activeHandles, collectComplaints, openDescriptors } from '../../bench/soak/process-state.ts'
import { LOCALHOST } from '../http2/support/certificate.ts'
import type { GatewayState } from './gateway-state.ts'

// The gateway under attack, in a process of its own so that what it holds can be counted.

/** How the gateway is set up. */
export interface GatewaySetup {
  readonly pods: readonly number[]
  readonly forward: ForwardOptions
  readonly limits: ServeLimits
  /** HTTP/1.1, or HTTP/2 beside it over TLS. */
  readonly protocol: 'http1' | 'http2'
}

const complaints = collectComplaints()
let pool: Sticky | undefined

async function listen({ pods, protocol, ...options }: GatewaySetup): Promise<number> {
  pool = createSticky({
    key: header('x-session'),
    endpoints: pods.map((port) => `http://127.0.0.1:${port}`),
    table: memoryTable({ maxEntries: 10_000 }),
  })
  const tls = protocol === 'http2' ? { tls: { cert: LOCALHOST, key: LOCALHOST } } : {}
  const { port } = await serve(pool, { ...options, ...tls, port: 0, host: '127.0.0.1', signals: false })
  return port
}

/** Thousands of sockets that end at once are closed turn by turn of the event loop, and are held until then. */
async function closed(): Promise<void> {
  const isClosing = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate').length > 1
  for (let turn = 0; turn < 10_000; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (!isClosing()) return
  }
}

/** Two collections: what a finalizer lets go in the first one goes in the second. */
function collect(): void {
  globalThis.gc?.()
  globalThis.gc?.()
}

async function state({ collects }: { readonly collects: boolean }): Promise<GatewayState> {
  if (collects) {
    await closed()
    collect()
  }
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
