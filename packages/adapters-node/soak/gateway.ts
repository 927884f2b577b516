import { serve } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type Sticky } from '@limpet/core'
import { answer } from '../bench/part.ts'
import { activeHandles, collectComplaints, openDescriptors } from '../test/attacks/state.ts'

// The gateway of the soak, in a process of its own so that what it holds can be counted.

/** How the gateway is set up. */
export interface SoakSetup {
  readonly pods: readonly number[]
  /** Bindings that the table holds; it is full from the start. */
  readonly entries: number
}

/** What the gateway holds at one moment. */
export interface SoakState {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly descriptors: number | undefined
  readonly handles: number
  readonly inFlight: number
  readonly bindings: number | undefined
  readonly complaints: readonly string[]
}

// Made when first asked for: made later, they would be handles that were not there at the start.
void process.stdout
void process.stderr

const complaints = collectComplaints()
let pool: Sticky | undefined

async function listen({ pods, entries }: SoakSetup): Promise<number> {
  const endpoints = pods.map((port, index) => ({ name: `pod-${index}`, host: '127.0.0.1', port }))
  const table = memoryTable({ maxEntries: entries })
  for (let i = 0; i < entries; i++) table.claim(`filler-${i}`, `pod-${i % pods.length}`)
  pool = createSticky({ key: header('x-session'), endpoints, table })
  const { port } = await serve(pool, { port: 0, host: '127.0.0.1', signals: false })
  return port
}

function state(): SoakState {
  const { rss, heapUsed, external } = process.memoryUsage()
  const stats = pool?.stats()
  return {
    rss,
    heapUsed,
    external,
    descriptors: openDescriptors(),
    handles: Object.values(activeHandles()).reduce((sum, count) => sum + count, 0),
    inFlight: stats?.inFlight ?? 0,
    bindings: stats?.bindings,
    complaints,
  }
}

answer({ listen, state })
