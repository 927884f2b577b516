import type { FaultKind } from '../history/event.ts'

/** Of a fault that makes a table forget everything. */
export const FORGETS_ALL = 1e9

/** A table that gateways share, and what can be done to it. */
export interface Rig extends WorldRig, AsyncDisposable {}

/** What a world needs of it. */
export interface WorldRig {
  /** Path of the module by which gateways open it. */
  readonly table: string
  /** Where each gateway reaches it. */
  readonly ports: readonly number[]
  /** The faults that it knows. */
  readonly faults: readonly FaultKind[]
  /** What was written so many milliseconds before a fault, or less, may be lost by it; 0 = nothing is. */
  forgetsMs(kind: FaultKind): number
  /** `gateway`: the one that a fault concerns, where it concerns one. */
  begin(kind: FaultKind, gateway?: number): Promise<void>
  end(kind: FaultKind, gateway?: number): Promise<void>
}
