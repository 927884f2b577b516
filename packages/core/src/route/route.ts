import type { LossCause } from '../endpoint/availability.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { HeadersLike } from '../key/request-like.ts'
import type { MaybePromise } from '../maybe-promise.ts'

/**
 * Why a request was refused:
 *
 * - `lost`: the endpoint of its key is lost and the pool's `onLost` says `fail`;
 * - `no-endpoints`: no endpoint is known, none is ready, or each one has been tried;
 * - `ambiguous-key`, `bad-key`: see `KeyProblem`;
 * - `at-capacity`: every endpoint holds as many keys as it may and `onCapacity` says `refuse`;
 * - `hold-timeout`: the wait for the first snapshot, or for a lost endpoint, took longer than its limit;
 * - `queue-full`: as many requests as allowed already wait;
 * - `table-unavailable`: the sticky table failed and `onTableError` says `refuse`;
 * - `no-rule`: no rule matches the request (`createRouter`);
 * - `closed`: the pool was closed.
 *
 * @public
 */
export type RefusalReason =
  | 'lost'
  | 'no-endpoints'
  | 'ambiguous-key'
  | 'bad-key'
  | 'at-capacity'
  | 'hold-timeout'
  | 'queue-full'
  | 'table-unavailable'
  | 'no-rule'
  | 'closed'

/** Who answered a routed request, and how; told to `settle`. @public */
export interface Outcome {
  /** The endpoint that answered, where it can be another than the route's. Default: the route's. */
  readonly servedBy?: Identity
  /** Status of the response. */
  readonly status?: number
  /** Head of the response. */
  readonly headers?: HeadersLike
  /** Why no answer came, although the endpoint was connected: counts as an error of it where errors count. */
  readonly error?: unknown
}

/**
 * What every route can do: it is a lease on its endpoint. Each call is idempotent, and none throws.
 *
 * @public
 */
export interface Lease {
  /**
   * After a connection to the endpoint failed, before anything was sent: the route to try now, never an endpoint
   * already tried by this request. A bound key is moved along as `onLost` says. `refused` when nothing is left: a
   * binding made by this lease is then taken back. Called again on the same route it answers the same.
   */
  next(error?: unknown): MaybePromise<Route>
  /** Tells who answered, when the head of the response is here. Corrects the binding if another endpoint served. */
  settle(outcome?: Outcome): MaybePromise<void>
  /** The request's stream has ended, in whatever way. Without `settle` before it, it was an abort. */
  done(): void
  /** One line for people: key source, hit or miss, reason, identity chosen. Never holds the key. */
  explain(): string
}

interface Routed extends Lease {
  /** Where to send the request. */
  readonly endpoint: Endpoint
}

/** The key is bound to this endpoint, which is usable. @public */
export interface StuckRoute extends Routed {
  readonly kind: 'stuck'
}
/** The key was unbound and is bound to this endpoint now. @public */
export interface BoundRoute extends Routed {
  readonly kind: 'bound'
}
/** The key's endpoint is lost; it is bound to this one now. @public */
export interface MovedRoute extends Routed {
  readonly kind: 'moved'
  readonly from: Identity
  readonly cause: LossCause
}
/** The key's endpoint is lost; this request goes elsewhere and the binding stays. @public */
export interface DetourRoute extends Routed {
  readonly kind: 'detour'
  readonly from: Identity
  readonly cause: LossCause
}
/** The request has no key: balanced only. @public */
export interface KeylessRoute extends Routed {
  readonly kind: 'keyless'
}
/**
 * A cap or a load bound sent the request elsewhere. `stored` = the key was bound to this endpoint; where it was not, each
 * of its requests is placed anew.
 *
 * @public
 */
export interface OverflowRoute extends Routed {
  readonly kind: 'overflow'
  readonly stored: boolean
}
/** The table did not answer, or is full: placed without it. @public */
export interface FallbackRoute extends Routed {
  readonly kind: 'fallback'
  /** What the table failed with; undefined when it is full. */
  readonly error: unknown
}
/** The request gets no endpoint. @public */
export interface RefusedRoute extends Lease {
  readonly kind: 'refused'
  readonly reason: RefusalReason
  /** What to do about it. Never holds the key. */
  readonly message: string
  /** HTTP status the pool's policy asks for; undefined = the adapter's own for this reason. */
  readonly status: number | undefined
  /** The failure of the last endpoint tried, or of the table. */
  readonly cause: unknown
}

/** A route with an endpoint. @public */
export type ServedRoute =
  | StuckRoute
  | BoundRoute
  | MovedRoute
  | DetourRoute
  | KeylessRoute
  | OverflowRoute
  | FallbackRoute

/** The answer for one request. Match `kind` exhaustively. @public */
export type Route = ServedRoute | RefusedRoute
