import { type MemoryTable, memoryTable } from '../../src/table/memory.ts'
import type { MemoryTableOptions } from '../../src/table/memory-options.ts'
import type { StickyTable } from '../../src/table/sticky-table.ts'

/** A table in memory that says other replicas share it: pools overrule nobody on their own evidence. */
export interface SharedTable extends Omit<StickyTable, 'scope'> {
  countByEndpoint: MemoryTable['countByEndpoint']
  counts: MemoryTable['counts']
}

export function sharedTable(options: MemoryTableOptions): SharedTable {
  const table = memoryTable(options)
  return {
    lookup: (key) => table.lookup(key),
    claim: (key, candidate, address) => table.claim(key, candidate, address),
    move: (key, from, to, address) => table.move(key, from, to, address),
    touch: (key, binding) => table.touch(key, binding),
    release: (key, from) => table.release(key, from),
    countByEndpoint: (identity) => table.countByEndpoint(identity),
    counts: () => table.counts(),
  }
}
