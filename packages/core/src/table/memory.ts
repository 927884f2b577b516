import type { Identity } from '../endpoint/endpoint.ts'
import type {
  AdjustableTimeout,
  BindingList,
  BulkMove,
  BulkRelease,
  EndpointCounts,
  MovedSlice,
  TableSnapshots,
} from './capabilities.ts'
import { type MemoryTableOptions, memoryTableSettings } from './memory-options.ts'
import { MemoryStickyTable } from './memory-table.ts'
import type { Binding, Claim, Move, StickyTable } from './sticky-table.ts'

export type { MemoryTableOptions } from './memory-options.ts'

/** A sticky table of this process alone; it answers at once. @public */
export interface MemoryTable
  extends StickyTable,
    EndpointCounts,
    BindingList,
    BulkRelease,
    BulkMove,
    TableSnapshots,
    AdjustableTimeout {
  readonly scope: 'process'
  readonly needsAddress: boolean
  lookup(key: string): Binding | undefined
  claim(key: string, candidate: Identity, address?: string): Claim
  move(key: string, from: Binding, to: Identity, address?: string): Move
  touch(key: string, binding: Binding): void
  release(key: string, from?: Binding): boolean
  /** As {@link BulkMove} says; it answers at once. */
  moveSlice(
    cursor: number,
    choose: (binding: Binding, usedAt: number) => Identity | undefined,
    most: { readonly examine: number; readonly move: number },
  ): MovedSlice
  /** Bindings stored now, expired ones that nobody asked for since among them. */
  readonly size: number
}

/**
 * A sticky table in the memory of this process: gone when the process ends, and not shared with other replicas.
 *
 * Every operation takes constant time, however many bindings there are, and also while the table grows. Time-outs are
 * checked when a key is read; there is no timer. Expired bindings that nobody asks for are dropped whenever a new key is
 * bound.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function memoryTable(options: MemoryTableOptions = {}): MemoryTable {
  return new MemoryStickyTable(memoryTableSettings(options))
}
