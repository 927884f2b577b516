import { serve } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type Sticky } from '@limpet/core'
import { answer } from '../part.ts'
import { activeHandles, collectComplaints, openDescriptors } from './process-state.ts'

// What is soaked: serve() over a pool whose table is full from the start, so that each new key ends another binding.

/** How the gateway is set up. */
export interface SoakedSetup {
  readonly pods: readonly { readonly name: string; readonly port: number }[]
  readonly entries: number
  readonly idleTimeoutMs: number
  readonly headTimeoutMs: number
}

/** What it holds at one moment, without garbage. */
export interface SoakedState {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly descriptors: number | undefined
  readonly handles: Readonly<Record<string, number>>
  readonly inFlight: number
  readonly bindings: number | undefined
  readonly moves: number
  readonly complaints: readonly string[]
}

const complaints = collectComplaints()
let pool: Sticky | undefined

async function listen({ pods, entries, idleTimeoutMs, headTimeoutMs }: SoakedSetup): Promise<number> {
  const table = memoryTable({ maxEntries: entries })
  for (let i = 0; i < entries; i++) table.claim(`before-${i}`, pods[i % pods.length]?.name as string)
  pool = createSticky({
    key: header('x-session'),
    endpoints: pods.map(({ name, port }) => ({ name, host: '127.0.0.1', port })),
    table,
  })
  const { port } = await serve(pool, {
    port: 0,
    host: '127.0.0.1',
    signals: false,
    forward: { idleTimeoutMs },
    limits: { headTimeoutMs },
  })
  return port
}

function state(): SoakedState {
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const stats = pool?.stats()
  return {
    rss,
    heapUsed,
    external,
    descriptors: openDescriptors(),
    handles: activeHandles(),
    inFlight: stats?.inFlight ?? 0,
    bindings: stats?.bindings,
    moves: Object.values(stats?.moves ?? {}).reduce((sum, count) => sum + count, 0),
    complaints,
  }
}

answer({ listen, state })
