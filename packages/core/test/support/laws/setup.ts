import type { Balancer } from '../../../src/balance/balancer.ts'
import type { LossCause } from '../../../src/endpoint/availability.ts'
import type { LossAction } from '../../../src/route/loss-policy.ts'
import type { MemoryTable } from '../../../src/table/memory.ts'

/** How the pools of a history are set up. */
export interface Setup {
  /** `process`: one replica; undefined: two replicas share the table. */
  readonly scope: 'process' | undefined
  /** Whether the table counts keys. */
  readonly counts: boolean
  readonly maxEntries: number
  readonly whenFull: 'evict' | 'refuse'
  readonly onLost: { readonly [Cause in LossCause]?: LossAction }
  readonly cap: number | undefined
  readonly onCapacity: 'refuse' | 'unstored'
  readonly passive: {
    readonly connectFailures: number
    readonly errors: number | false
    readonly ejectionMs: number
    readonly maxEjectionMs: number
    readonly maxEjectedShare: number
  }
  readonly confirmLoss: { readonly afterMs: number; readonly failures: number }
  readonly minMoveIntervalMs: number
  readonly hasChecks: boolean
  readonly rise: number
  readonly fall: number
  readonly hasSlowStart: boolean
  readonly drainDeadlineMs: number
  readonly placement: () => Balancer
  readonly seed: number
}

/** What may be wrong with the parts of a pool, to see that the laws notice. */
export interface Faults {
  readonly table?: (table: MemoryTable) => MemoryTable
  readonly placement?: (balancer: Balancer) => Balancer
}
