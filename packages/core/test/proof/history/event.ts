import type { LossCause } from '../../../src/endpoint/availability.ts'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { RefusalReason, Route } from '../../../src/route/route.ts'
import type { TableOperation } from '../../../src/table/guarded-table.ts'
import type { Version } from '../../../src/table/sticky-table.ts'

/**
 * What one process of a proof has to tell. Times are milliseconds of the monotonic clock that all processes of a machine share
 * (CLOCK_MONOTONIC), so that events of different processes can be put in order.
 */
export type ProofEvent = StartEvent | RouteEvent | TableEvent | ViewEvent | EndpointEvent | FaultEvent

/** A span: what it tells of happened at some moment of it. */
interface Span {
  readonly since: number
  readonly at: number
}

/** What the history was recorded under; its first event. */
export interface StartEvent {
  readonly what: 'start'
  readonly at: number
  readonly seed: number
  readonly rules: Rules
}

/** The limits that decisions are held against, in milliseconds. */
export interface Rules {
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
  readonly minMoveIntervalMs: number
  /** How long an answer of the table may be out of date: the near cache's bound. */
  readonly stalenessMs: number
  /** How far the clocks by which bindings end may differ: estimates of the server's time. */
  readonly clockErrorMs: number
  /** From the end of a fault until the table is asked again everywhere. */
  readonly settleMs: number
}

/** A request was decided; `since` it was sent. */
export interface RouteEvent extends Span {
  readonly what: 'route'
  readonly by: string
  readonly id: number
  readonly key: string
  readonly kind: Route['kind']
  /** Where it went. */
  readonly to?: Identity
  /** The endpoint of its key, which was lost. */
  readonly from?: Identity
  readonly cause?: LossCause
  readonly reason?: RefusalReason
  /** Endpoints whose connection failed before. */
  readonly tried?: readonly Identity[]
}

/** The table was asked and has answered, or failed. */
export interface TableEvent extends Span {
  readonly what: 'table'
  readonly by: string
  /** The request that it was asked for; absent for uses that are written beside. */
  readonly id?: number
  readonly key: string
  readonly op: TableOperation
  /** The version that a move or a release was to replace. */
  readonly from?: Version
  /** The endpoint of a claim or a move. */
  readonly candidate?: Identity
  /** The binding that stood; absent if there was none. */
  readonly version?: Version
  readonly identity?: Identity
  /** True if this call made it (claim, move) or ended it (release). */
  readonly made?: boolean
  /** The code of what it failed with; it may have taken effect all the same, also later. */
  readonly error?: string
}

/** A gateway routes by these endpoints from now on, health taken in. */
export interface ViewEvent {
  readonly what: 'view'
  readonly at: number
  readonly by: string
  /** Those that take requests of keys bound to them. */
  readonly usable: readonly Identity[]
}

/** An endpoint died or came back, whether or not anybody has seen it. */
export interface EndpointEvent {
  readonly what: 'endpoint'
  readonly at: number
  readonly by: string
  readonly identity: Identity
  readonly state: 'dead' | 'alive'
}

/** A declared outage: for these gateways the table may be away, or have forgotten, from its begin until it has settled. */
export interface FaultEvent {
  readonly what: 'fault'
  readonly at: number
  readonly by: string
  readonly phase: 'begin' | 'end'
  /** Pairs begin and end. */
  readonly id: string
  readonly kind: FaultKind
  /** Absent = all of them. */
  readonly gateways?: readonly string[]
  /** What was written so many milliseconds before it, or less, may be lost. Absent = nothing is. */
  readonly forgetsMs?: number
}

/**
 * `clock`: the clock of one gateway jumps; `wall-clock`: only that of its machine, which the library's own clock does not follow. `kill`: what the table held is lost; `restart`: it is killed, and kept what it held in a file.
 */
export type FaultKind =
  | 'kill'
  | 'restart'
  | 'pause'
  | 'cut'
  | 'stall'
  | 'promote'
  | 'clock'
  | 'wall-clock'
  | 'unscheduled'
