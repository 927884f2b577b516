import type { PlacedRequest } from '../balance/placement.ts'
import type { LossCause } from '../endpoint/availability.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { EndpointState } from '../endpoint/endpoint-state.ts'
import type { Member } from '../endpoint/pool-snapshot.ts'
import type { RequestLike } from '../key/request-like.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Binding } from '../table/sticky-table.ts'
import type { InFlight, RequestCount } from './in-flight.ts'
import { LeasedRoute, Refusal } from './leased-route.ts'
import type { OpenLease, OpenLeases } from './open-leases.ts'
import type { Outcome, RefusalReason, Route, ServedRoute } from './route.ts'
import type { RouteOptions } from './routing.ts'

/** What a lease needs of its pool. */
export interface LeaseHost {
  /** Name of the pool's key source, for `explain()`. */
  readonly keyName: string
  readonly inFlight: InFlight
  readonly openLeases: OpenLeases
  readonly random: () => number
  /** Keys bound to an endpoint. */
  readonly bound: (identity: Identity) => number
  /** The time, where latencies are measured. */
  readonly now: (() => number) | undefined
  /** Told of a connection that failed. */
  readonly connectFailed: (state: EndpointState) => void
  /** Told of an answer. `latencyMs` is undefined where it is not measured. */
  readonly answered: (state: EndpointState, outcome: Outcome, latencyMs: number | undefined) => void
  /** The route after the last endpoint of the lease could not be reached. */
  readonly next: (lease: RequestLease) => MaybePromise<Route>
  /** Corrects the binding: another endpoint than the route's served. */
  readonly correct: (lease: RequestLease, servedBy: Identity) => MaybePromise<void>
  /** Told of a request that was answered while the table failed. */
  readonly servedWithoutTable: (lease: RequestLease, servedBy: Identity) => void
  /** Told of every endpoint that a request is given, and whether it is the one that its binding names. */
  readonly served: (lease: RequestLease, isHome: boolean) => void
  /** Told of every route given. */
  readonly observe: (route: Route) => void
}

const SETTLED: RequestLike = { headers: {} }

/**
 * One request's way through a pool: its key, the binding it stands on, where it has been, and what it counts for. Its
 * routes are views of it; after a failed connection one lease gives several in a row.
 */
export class RequestLease implements PlacedRequest, OpenLease {
  readonly key: string | undefined
  /** Empty once the request is settled: a stream may be open for hours, and its head would be kept as long. */
  request: RequestLike
  /** The binding of the key as this request last saw it. */
  binding: Binding | undefined = undefined
  /**
   * What stood before the binding that this request made: `nothing` if it bound the key, the binding it moved the key
   * away from; undefined if it made none. Restored if nobody answers.
   */
  replaced: Binding | 'nothing' | undefined = undefined
  /** Why the endpoint of the key is lost to this request, once it is. */
  lossCause: LossCause | undefined = undefined
  /** What the last endpoint failed with. */
  failure: unknown = undefined
  /** Connections that have failed. */
  failures = 0
  /** Set once the table has failed: this request goes on without it. */
  tableError: unknown = undefined
  /** Moves that this request has tried. */
  moves = 0
  /** When this request stops to wait for its endpoint; undefined before it waits. */
  holdUntil: number | undefined = undefined
  /** A cap, or a bound on load, sent the key that is being placed elsewhere. */
  isOverflow = false
  skipsAlso: ((endpoint: Endpoint) => boolean) | undefined = undefined

  connection: object | undefined = undefined
  touchAt: number | undefined = undefined
  before: OpenLease | undefined = undefined
  after: OpenLease | undefined = undefined

  readonly #host: LeaseHost
  readonly #options: RouteOptions | undefined
  #tried: Identity[] | undefined = undefined
  #state: EndpointState | undefined = undefined
  #count: RequestCount | undefined = undefined
  #servedAt = 0
  #isListed = false
  #isSettled = false
  #isDone = false

  constructor(
    host: LeaseHost,
    request: RequestLike,
    key: string | undefined,
    options: RouteOptions | undefined,
  ) {
    this.#host = host
    this.request = request
    this.key = key
    this.#options = options
  }

  /** Read only where this request has to wait: an adapter may make it at that moment. */
  get signal(): AbortSignal | undefined {
    return this.#options?.signal
  }

  get keyName(): string {
    return this.#host.keyName
  }

  skips(endpoint: Endpoint): boolean {
    return this.hasTried(endpoint.identity) || this.skipsAlso?.(endpoint) === true
  }

  /** True if a connection of this request to the endpoint has failed. */
  hasTried(identity: Identity): boolean {
    return this.#tried?.includes(identity) ?? false
  }

  /** The endpoint is back: it may be tried again. */
  forgive(identity: Identity): void {
    this.#tried = this.#tried?.filter((tried) => tried !== identity)
  }

  inFlight(endpoint: Endpoint): number {
    return this.#host.inFlight.requests(endpoint.identity)
  }

  totalInFlight(): number {
    return this.#host.inFlight.total()
  }

  overflows(): void {
    this.isOverflow = true
  }

  bound(endpoint: Endpoint): number {
    return this.#host.bound(endpoint.identity)
  }

  random(): number {
    return this.#host.random()
  }

  /** Answers with an endpoint and counts the request there. `from` = where the key was bound before. */
  serve(kind: ServedRoute['kind'], { endpoint, state }: Member, from?: Identity, stored = false): Route {
    this.#enter(state)
    this.#host.served(this, this.binding?.identity === endpoint.identity)
    const cause = from === undefined ? undefined : this.lossCause
    const error = kind === 'fallback' ? this.tableError : undefined
    return this.#observed(new LeasedRoute(this, kind, endpoint, from, cause, error, stored) as Route)
  }

  /** Answers without an endpoint. `status` = what the policy asks for, if it does. */
  refuse(reason: RefusalReason, message: string, status?: number): Route {
    return this.#observed(new Refusal(this, reason, message, status, this.tableError ?? this.failure))
  }

  next(failed: Endpoint, error: unknown): MaybePromise<Route> {
    this.#tried ??= []
    this.#tried.push(failed.identity)
    this.failure = error
    this.failures++
    if (this.#state) this.#host.connectFailed(this.#state)
    this.#leave()
    return this.#host.next(this)
  }

  settle(endpoint: Endpoint, outcome: Outcome): MaybePromise<void> {
    if (this.#isSettled || this.#isDone) return
    this.#isSettled = true
    const { servedBy = endpoint.identity } = outcome
    if (this.tableError !== undefined) this.#host.servedWithoutTable(this, servedBy)
    this.request = SETTLED
    const { now } = this.#host
    if (this.#state && servedBy === endpoint.identity) {
      this.#host.answered(this.#state, outcome, now && now() - this.#servedAt)
    }
    // A route that does not stand on the binding (detour, fallback) says nothing about it.
    const isElsewhere = this.binding?.identity === endpoint.identity && servedBy !== endpoint.identity
    return isElsewhere ? this.#host.correct(this, servedBy) : undefined
  }

  done(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#leave()
    if (this.#isListed) this.#host.openLeases.remove(this)
    this.#isListed = false
  }

  #enter(state: EndpointState): void {
    // A caller that ended the lease while it waited for this route must not be counted for ever.
    if (this.#isDone || this.#options?.lease === false) return
    const { now, openLeases } = this.#host
    if (now) this.#servedAt = now()
    this.#state = state
    this.#count = state.count
    this.#host.inFlight.enter(state.count)
    if (this.binding === undefined || this.#isListed) return
    openLeases.add(this)
    this.#isListed = true
  }

  #leave(): void {
    if (this.#count) this.#host.inFlight.leave(this.#count)
    this.#count = undefined
  }

  #observed(route: Route): Route {
    this.#host.observe(route)
    return route
  }
}
