import assert from 'node:assert/strict'
import type {
  BindingList,
  BulkMove,
  BulkRelease,
  EndpointCounts,
  TableSnapshots,
} from '../table/capabilities.ts'
import type { Binding, StickyTable } from '../table/sticky-table.ts'

/** What a table may be able to do besides the contract of every table, by the names of the interfaces. @public */
export type TableCapability = 'EndpointCounts' | 'BindingList' | 'BulkRelease' | 'BulkMove' | 'TableSnapshots'

export interface Capabilities {
  readonly EndpointCounts: EndpointCounts
  readonly BindingList: BindingList
  readonly BulkRelease: BulkRelease
  readonly BulkMove: BulkMove
  readonly TableSnapshots: TableSnapshots
}

export type Able<C extends TableCapability> = StickyTable & Capabilities[C]

/** The cases of one capability. `advance` is absent where a table has no times; `other` makes one more empty table. */
export type CapabilityCases<C extends TableCapability> = (
  it: (
    title: string,
    run: (
      table: Able<C>,
      advance: ((ms: number) => Promise<void>) | undefined,
      other: () => Promise<Able<C>>,
    ) => Promise<void>,
  ) => void,
) => void

/** How long the bindings of a table under test stand without use. */
export const IDLE = 4_000
/** More bindings than a table may go through at once. */
export const MANY = 3_000

export async function fill(
  table: StickyTable,
  count: number,
  identityOf: (index: number) => string,
): Promise<void> {
  for (let index = 0; index < count; index++) await table.claim(`key-${index}`, identityOf(index))
}

export async function bound(table: StickyTable, key: string): Promise<Binding> {
  const binding = await table.lookup(key)
  assert.ok(binding, `expected ${key} to be bound`)
  return binding
}
