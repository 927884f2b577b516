import type { MaybePromise } from '../maybe-promise.ts'
import type { StickyTable } from '../table/sticky-table.ts'

/** A table made for one case. @public */
export interface TableUnderTest {
  readonly table: StickyTable
  /**
   * Lets this much time pass for the table: moves an injected clock, or waits. Absent where the table has no times; the
   * cases about time are then left out, which `deviations.times` must say too.
   */
  readonly advance?: (ms: number) => MaybePromise<void>
  /** Releases what the table holds. */
  readonly close?: () => MaybePromise<void>
}

/** Timeouts that a table is to be made with. @public */
export interface TableTimeouts {
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
}

/** Where a table knowingly differs from the contract. Each is to be documented by the table. @public */
export interface TableDeviations {
  /** `none`: bindings do not expire. */
  readonly times?: 'none'
  /** How much later than its idle timeout a binding may still stand, as a share of it. Default 0; a shared table 0.25. */
  readonly idleSlack?: number
  /**
   * `computed`: the table stores nothing, and answers of each key the binding that it computes: nothing is made, moved, released or
   * ended. `create` then makes a table that has endpoints.
   */
  readonly bindings?: 'computed'
}
