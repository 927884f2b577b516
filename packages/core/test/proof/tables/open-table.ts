import type { Clock } from '../../../src/clock.ts'
import type { StickyTable } from '../../../src/table/sticky-table.ts'
import type { Rules } from '../history/event.ts'

/** What a gateway opens its table with. */
export interface TablePlace {
  /** On loopback; of this gateway alone, so that it can be cut off alone. */
  readonly port: number
  /** The gateway's own, which may differ from the others' and jump. */
  readonly clock: Clock
  readonly rules: Rules
}

/** A table that a gateway has opened. */
export interface OpenTable {
  readonly table: StickyTable
  close(): Promise<void>
}

/** The default export of a module of tables, which gateways load by its path. */
export type OpenTableFunction = (place: TablePlace) => Promise<OpenTable>
