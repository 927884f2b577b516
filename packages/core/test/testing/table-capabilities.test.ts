import { describe, expect, it } from 'vitest'
import { memoryTable } from '../../src/table/memory.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { tableCapabilitiesConformance } from '../../src/testing/index.ts'
import { bulkTable } from '../support/bulk-table.ts'

for (const keys of ['fingerprint', 'exact'] as const) {
  tableCapabilitiesConformance({
    registry: { describe, it },
    name: `memoryTable of ${keys} keys`,
    create: ({ idleTimeoutMs }) => {
      const clock = fakeClock()
      return { table: memoryTable({ keys, idleTimeoutMs, clock }), advance: (ms) => clock.advance(ms) }
    },
    capabilities: ['EndpointCounts', 'BindingList', 'BulkRelease', 'BulkMove', 'TableSnapshots'],
  })
}

tableCapabilitiesConformance({
  registry: { describe, it },
  name: 'a table without times, lists or snapshots',
  create: () => ({ table: bulkTable(fakeClock()) }),
  capabilities: ['EndpointCounts'],
})

describe('tableCapabilitiesConformance', () => {
  it('fails where a capability is demanded that the table lacks', async () => {
    const cases = new Map<string, () => void | Promise<void>>()
    let isClosed = false
    tableCapabilitiesConformance({
      registry: { describe: (_, register) => register(), it: (title, run) => cases.set(title, run) },
      name: 'a table without lists',
      create: () => ({
        table: bulkTable(fakeClock()),
        close: () => {
          isClosed = true
        },
      }),
      capabilities: ['BindingList'],
    })
    const run = cases.get('lists those of one endpoint') as () => Promise<void>
    await expect(run()).rejects.toThrow('BindingList needs list()')
    expect(isClosed).toBe(true)
  })
})
