import type { Availability } from './endpoint/availability.ts'
import type { Identity } from './endpoint/endpoint.ts'
import type { RouteCountsSnapshot } from './route/route-counts.ts'

/** One endpoint of a pool in numbers. @public */
export interface EndpointStats {
  readonly identity: Identity
  readonly availability: Availability
  /** Its weight in placement now: the operator's if there is one, else discovery's. */
  readonly weight: number
  /** Requests of this replica under way there. */
  readonly requests: number
  /** Keys bound to it; undefined where the table does not count. */
  readonly bound: number | undefined
  /** Ejections that weigh on the length of the next one. */
  readonly ejections: number
}

/** A pool in numbers, as of now. Made when asked for; costs a step for each endpoint. @public */
export interface PoolStats extends RouteCountsSnapshot {
  readonly pool: string
  /** Requests of this replica under way, at all endpoints together. */
  readonly inFlight: number
  /** Requests that wait: for discovery's first snapshot, and for a lost endpoint. */
  readonly waiting: { readonly snapshot: number; readonly hold: number }
  /** Bindings in the table; undefined where it does not count. */
  readonly bindings: number | undefined
  /** True while health is disregarded because nobody is healthy. */
  readonly isPanic: boolean
  readonly endpoints: readonly EndpointStats[]
}
