import type { FaultKind } from '../history/event.ts'

/** A table that gateways share, and what can be done to it. */
export interface Rig extends AsyncDisposable {
  /** Path of the module by which gateways open it. */
  readonly table: string
  /** Where each gateway reaches it. */
  readonly ports: readonly number[]
  /** The faults that it knows. */
  readonly faults: readonly FaultKind[]
  /** Whether a fault makes it forget bindings. */
  forgets(kind: FaultKind): boolean
  /** `gateway`: the one that a fault concerns, where it concerns one. */
  begin(kind: FaultKind, gateway?: number): Promise<void>
  end(kind: FaultKind, gateway?: number): Promise<void>
}
