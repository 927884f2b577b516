import type { Outcomes } from './outcome.ts'
import type { Step } from './script.ts'

/** What becomes of the process of a pod. `when`: before the request is sent, or when the script waits. */
export type ProcessFault =
  /** The process closes its port. */
  | { readonly does: 'unlisten' }
  /** SIGSTOP, and so many connections wait to be accepted that the kernel drops further ones. */
  | { readonly does: 'fill backlog' }
  /** SIGSTOP: the kernel accepts and receives, nobody reads. */
  | { readonly does: 'stop'; readonly when: 'before' | 'at wait' }
  | { readonly does: 'kill'; readonly when: 'before' | 'at wait' }
  /** SIGSTOP, and SIGKILL once the gateway has sent the request to it. */
  | { readonly does: 'kill unread' }
  /** SIGKILL, and a new process on the same port. */
  | { readonly does: 'restart' }

/** A limit of `forward()` that ends a wait. */
export type Limit = 'connectTimeoutMs' | 'responseTimeoutMs' | 'idleTimeoutMs'

/** One way in which a pod fails. */
export interface Fault {
  /** Ends the sentence "the pod …". */
  readonly name: string
  /** What it does with a connection; with one that was kept alive, after a first request that it serves well. */
  readonly script: readonly Step[]
  /** What it does with connections after the first. Default: the same. */
  readonly later?: readonly Step[]
  /** Every request goes over a connection that was kept alive, not only that of `kept`. */
  readonly isOnKept?: true
  /** The script waits to close the connection kept alive: before the next request, so that the gateway notices, or in the
   * moment when the next request is sent. */
  readonly closes?: 'noticed' | 'unnoticed'
  readonly process?: ProcessFault
  /** There is no other pod. */
  readonly isAlone?: true
  /** Without one, the outcome comes at once. */
  readonly limit?: Limit
  readonly outcomes: Outcomes
}

/** Faults that belong together, under one heading of the docs. */
export interface FaultGroup {
  readonly heading: string
  readonly faults: readonly Fault[]
}
