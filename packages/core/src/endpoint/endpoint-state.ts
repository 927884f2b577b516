import type { RequestCount } from '../route/in-flight.ts'
import type { Drain, Health } from './availability.ts'
import type { Identity } from './endpoint.ts'

/** What checks and traffic have shown of an endpoint. */
export interface HealthRecord {
  /** Connections in a row that failed. */
  connectFailures: number
  /** Answers in a row that were errors. */
  errors: number
  /** Sum and number of the latencies of the interval under way. */
  latencySumMs: number
  latencies: number
  /** What traffic has made of it. */
  traffic: Health
  /** Ejections that weigh on the length of the next one. */
  ejections: number
  /** When the ejection under way ends. */
  ejectedUntil: number
  /** When the endpoint first failed since it last did well; undefined while it does well. */
  suspectSince: number | undefined
  /** What the active checks say. */
  checks: 'unknown' | 'passing' | 'failing'
}

/** What a pool knows of an endpoint besides what discovery says. Kept, under its identity, over updates. */
export interface EndpointState {
  readonly identity: Identity
  /** Requests of this replica under way there; outlives this state until the last of them has ended. */
  readonly count: RequestCount
  readonly health: HealthRecord
  drain: Drain
  /** The operator's weight, which outranks discovery's. */
  weight: number | undefined
  /** When the endpoint began to start slowly; undefined if it does not. */
  startedAt: number | undefined
}

export function newEndpointState(identity: Identity, count: RequestCount): EndpointState {
  return {
    identity,
    count,
    health: {
      connectFailures: 0,
      errors: 0,
      latencySumMs: 0,
      latencies: 0,
      traffic: 'healthy',
      ejections: 0,
      ejectedUntil: 0,
      suspectSince: undefined,
      checks: 'unknown',
    },
    drain: 'none',
    weight: undefined,
    startedAt: undefined,
  }
}

/** The health that a record amounts to. */
export function healthOf({ checks, traffic }: HealthRecord): Health {
  return checks === 'failing' ? 'unreachable' : traffic
}
