import { Placement } from './balance/placement.ts'
import type { RebalanceOptions, RebalanceOutcome } from './balance/rebalance-options.ts'
import type { LossCause } from './endpoint/availability.ts'
import type { DrainOptions, DrainOutcome } from './endpoint/drains.ts'
import type { Identity } from './endpoint/endpoint.ts'
import type { EndpointSet } from './endpoint/endpoint-set.ts'
import type { Member } from './endpoint/pool-snapshot.ts'
import { LossRules } from './health/loss-rules.ts'
import { asRequest } from './key/as-request.ts'
import type { RequestLike } from './key/request-like.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { Pool } from './pool.ts'
import type { PoolOperations } from './pool-operations.ts'
import { LeaseTable } from './route/lease-table.ts'
import type { CheckedLossAction } from './route/loss-policy.ts'
import { Outage } from './route/outage.ts'
import { AT_CAPACITY, WHY_HOLD_ENDED, WHY_NO_SNAPSHOT, whyNobody } from './route/refusals.ts'
import { type LeaseHost, RequestLease } from './route/request-lease.ts'
import type { Route } from './route/route.ts'
import type { RouteOptions, Routing } from './route/routing.ts'
import type { PoolStats } from './stats.ts'
import { type CheckedStickyOptions, checkStickyOptions, type StickyOptions } from './sticky-options.ts'
import { isComputed } from './table/capabilities.ts'
import type { Binding, Claim, Move } from './table/sticky-table.ts'

/** One pool: routes requests to the endpoints of one service. @public */
export interface Sticky extends Routing, PoolOperations {
  /** The newest endpoint snapshot, health and drain taken in; undefined until discovery has its first. */
  readonly endpoints: EndpointSet | undefined
  /** Requests of this replica that are under way, at all endpoints together. */
  readonly inFlight: number
}

/**
 * Makes a pool: key → table → usable? → policy → placement → claim → route.
 *
 * The binding is made before a connection is opened, so that concurrent first requests of a key follow one winner.
 *
 * @throws StickyError `invalid-option`, `invalid-endpoint`, `duplicate-identity`
 * @public
 */
export function createSticky(options: StickyOptions): Sticky {
  return new StickyPool(checkStickyOptions(options))
}

/**
 * Moves that one request tries, lost to others or overtaken by discovery, before it goes elsewhere and leaves the key
 * as it is. Every connection that fails here costs one, so a pool where all but the ninth endpoint refuse is served.
 */
const MOST_MOVES = 8

class StickyPool implements Sticky {
  readonly #options: CheckedStickyOptions
  readonly #pool: Pool
  readonly #table: LeaseTable
  readonly #placement: Placement
  readonly #losses: LossRules
  readonly #outage: Outage
  readonly #host: LeaseHost

  constructor(options: CheckedStickyOptions) {
    const { clock } = options
    this.#options = options
    this.#pool = new Pool(options, (key, binding) => void this.#table.touch(key, binding))
    this.#table = new LeaseTable(options, this.#pool, this.#withoutTable)
    const { health, endpoints } = this.#pool
    this.#losses = new LossRules(options, endpoints, health)
    const computed = isComputed(options.table) ? options.table : undefined
    this.#placement = new Placement(endpoints, options.placement, options.maxBoundPerEndpoint, computed)
    this.#outage = new Outage(options, this.#pool, this.#table, this.#placement)
    this.#host = {
      keyName: options.key.name,
      inFlight: this.#pool.inFlight,
      openLeases: this.#pool.openLeases,
      random: options.random,
      bound: this.#pool.bound,
      now: health.measuresLatency ? () => clock.now() : undefined,
      connectFailed: (state) => health.connectFailed(state),
      answered: (state, outcome, latencyMs) => health.answered(state, outcome, latencyMs),
      next: this.#next,
      correct: (lease, servedBy) => this.#table.correct(lease, servedBy),
      servedWithoutTable: (lease, servedBy) => this.#outage.served(lease, servedBy),
      served: (lease, isHome) => this.#table.served(lease, isHome),
      observe: this.#pool.observe,
    }
  }

  get keyHeaders(): readonly string[] {
    return this.#options.key.headers ?? []
  }

  get endpoints(): EndpointSet | undefined {
    return this.#pool.endpoints.current
  }

  get inFlight(): number {
    return this.#pool.inFlight.total()
  }

  route(input: RequestLike | Headers, options?: RouteOptions): MaybePromise<Route> {
    const request = asRequest(input)
    const reading = this.#options.key.read(request)
    const key = typeof reading === 'object' || reading === '' ? undefined : reading
    const lease = new RequestLease(this.#host, request, key, options)
    if (this.#pool.isClosed) return lease.refuse('closed', 'the pool was closed')
    if (typeof reading === 'object') return lease.refuse(reading.reason, reading.message)
    return this.#pool.endpoints.current ? this.#look(lease) : this.#routeOnArrival(lease, options)
  }

  stats(): PoolStats {
    return this.#pool.stats()
  }

  setWeight(identity: Identity, weight: number | undefined): void {
    this.#pool.setWeight(identity, weight)
  }

  drain(identity: Identity, options?: DrainOptions): Promise<DrainOutcome> {
    return this.#pool.drain(identity, options)
  }

  undrain(identity: Identity): boolean {
    return this.#pool.undrain(identity)
  }

  rebalance(options: RebalanceOptions): Promise<RebalanceOutcome> {
    return this.#pool.rebalance(options)
  }

  async close(): Promise<void> {
    const closed = this.#pool.close()
    this.#outage.close()
    this.#table.close()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #look(lease: RequestLease): MaybePromise<Route> {
    if (lease.key === undefined) return this.#place(lease)
    return this.#table.lookup(lease, this.#found)
  }

  /** From the start: what a request is recognised by may depend on what discovery found out. */
  async #routeOnArrival(lease: RequestLease, options?: RouteOptions): Promise<Route> {
    const arrival = await this.#pool.watch.arrival(lease.signal)
    return arrival === 'known'
      ? this.route(lease.request, options)
      : lease.refuse(...WHY_NO_SNAPSHOT[arrival])
  }

  readonly #found = (lease: RequestLease, binding: Binding | undefined): MaybePromise<Route> => {
    lease.binding = binding
    if (binding === undefined) return this.#place(lease)
    const member = this.#usable(binding, lease)
    if (!member) return this.#lost(lease, binding)
    const other = this.#placement.pickWithinBound(lease, member)
    return other ? lease.serve('overflow', other) : lease.serve('stuck', member)
  }

  /** The endpoint of a binding if it takes requests of its key and this request has not failed there. */
  #usable({ identity }: Binding, lease: RequestLease): Member | undefined {
    const member = this.#pool.endpoints.current?.find(identity)
    return member?.isUsable && !lease.hasTried(identity) ? member : undefined
  }

  #lost(lease: RequestLease, binding: Binding): MaybePromise<Route> {
    lease.lossCause = this.#losses.causeOf(binding.identity)
    return this.#act(this.#options.onLost[lease.lossCause], lease, binding)
  }

  #act(policy: CheckedLossAction, lease: RequestLease, binding: Binding): MaybePromise<Route> {
    switch (policy.action) {
      case 'rebind':
        return this.#losses.mayMove(binding, lease.lossCause as LossCause)
          ? this.#rebind(lease, binding)
          : this.#detour(lease, binding)
      case 'detour':
        return this.#detour(lease, binding)
      case 'hold':
        return this.#hold(lease, binding, policy)
      case 'fail':
        return this.#fail(lease, binding, policy.status)
    }
  }

  #fail(lease: RequestLease, { identity }: Binding, status: number | undefined): Route {
    return lease.refuse('lost', `the endpoint of this key, ${identity}, is lost (${lease.lossCause})`, status)
  }

  #detour(lease: RequestLease, { identity }: Binding): Route {
    const member = this.#placement.pickByHash(lease)
    return member ? lease.serve('detour', member, identity) : this.#nobody(lease)
  }

  async #hold(
    lease: RequestLease,
    binding: Binding,
    policy: CheckedLossAction & { readonly action: 'hold' },
  ): Promise<Route> {
    const { clock } = this.#options
    const { holds, endpoints } = this.#pool
    lease.holdUntil ??= clock.now() + policy.limitMs
    const limitMs = lease.holdUntil - clock.now()
    const snapshot = endpoints.current
    if (limitMs > 0 && snapshot) {
      const end = await holds.wait(binding.identity, snapshot, limitMs, policy.maxWaiting, lease.signal)
      if (end === 'woken') lease.forgive(binding.identity)
      else if (end !== 'timeout') return lease.refuse(...WHY_HOLD_ENDED[end])
      // The binding and the cause of its loss may have changed, so the limit ends no wait before they are looked at.
      return this.#look(lease)
    }
    if (policy.otherwise !== 'fail') return this.#act({ action: policy.otherwise }, lease, binding)
    return lease.refuse(
      'hold-timeout',
      `the endpoint of this key, ${binding.identity}, did not come back in time`,
    )
  }

  #place(lease: RequestLease): MaybePromise<Route> {
    lease.isOverflow = false
    const member = this.#outage.servedBefore(lease) ?? this.#placement.pickUnbound(lease)
    if (!member) return this.#nobody(lease)
    if (lease.key === undefined) return lease.serve('keyless', member)
    if (!this.#placement.isFull(member.endpoint, lease))
      return this.#table.claim(lease, member.endpoint, this.#claimed)
    const other = this.#placement.pickBelowCap(lease)
    if (other) {
      lease.isOverflow = true
      return this.#table.claim(lease, other.endpoint, this.#claimed)
    }
    const isServed = this.#options.onCapacity === 'unstored'
    return isServed ? lease.serve('overflow', member) : lease.refuse(...AT_CAPACITY)
  }

  readonly #claimed = (lease: RequestLease, { binding, created }: Claim): MaybePromise<Route> => {
    if (binding === undefined) return this.#placeWithoutTable(lease)
    if (!created) return this.#found(lease, binding)
    lease.binding = binding
    lease.replaced = 'nothing'
    const member = this.#usable(binding, lease)
    if (!member) return this.#rebind(lease, binding)
    return lease.isOverflow ? lease.serve('overflow', member, undefined, true) : lease.serve('bound', member)
  }

  #rebind(lease: RequestLease, from: Binding): MaybePromise<Route> {
    let member = this.#placement.pick(lease)
    if (!member) return this.#nobody(lease)
    if (this.#placement.isFull(member.endpoint, lease)) member = this.#placement.pickBelowCap(lease)
    if (!member && this.#options.onCapacity === 'refuse') return lease.refuse(...AT_CAPACITY)
    if (!member) return this.#detour(lease, from)
    lease.lossCause ??= this.#losses.causeOf(from.identity)
    if (++lease.moves > MOST_MOVES) return lease.serve('detour', member, from.identity)
    return this.#table.move(lease, from, member.endpoint, this.#moved)
  }

  readonly #moved = (lease: RequestLease, { binding, moved }: Move): MaybePromise<Route> => {
    const from = lease.binding as Binding
    lease.binding = binding
    if (binding === undefined) return this.#placeWithoutTable(lease)
    const member = this.#usable(binding, lease)
    if (moved) {
      lease.replaced ??= from
      this.#pool.moved(from.identity, binding.identity, lease.lossCause as LossCause)
      return member ? lease.serve('moved', member, from.identity) : this.#rebind(lease, binding)
    }
    lease.replaced = undefined
    return member ? lease.serve('stuck', member) : this.#lost(lease, binding)
  }

  readonly #next = (lease: RequestLease): MaybePromise<Route> => {
    if (lease.failures >= this.#options.maxTries) return this.#nobody(lease)
    if (lease.tableError !== undefined) return this.#placeWithoutTable(lease)
    // A request that went elsewhere may find its key bound meanwhile, or the endpoint of its key back.
    if (lease.binding === undefined || this.#usable(lease.binding, lease)) return this.#look(lease)
    // A binding that this request made has served nobody yet: to move it on is part of the same placement.
    const isOwn = lease.replaced !== undefined
    return isOwn ? this.#rebind(lease, lease.binding) : this.#lost(lease, lease.binding)
  }

  /** No endpoint is left: takes back the binding that this request made, and refuses. */
  #nobody(lease: RequestLease): Route {
    void this.#table.takeBack(lease)
    return lease.refuse('no-endpoints', whyNobody(lease.failures, this.#options.maxTries))
  }

  readonly #withoutTable = (lease: RequestLease, error: unknown): Route => {
    lease.tableError = error ?? 'unknown'
    if (this.#options.onTableError !== 'refuse') return this.#placeWithoutTable(lease)
    return lease.refuse('table-unavailable', 'the sticky table does not answer')
  }

  #placeWithoutTable(lease: RequestLease): Route {
    const member = this.#outage.pick(lease)
    return member ? lease.serve('fallback', member) : this.#nobody(lease)
  }
}
