import type { Balancer } from './balance/balancer.ts'
import { rendezvous } from './balance/rendezvous.ts'
import { discoveryErrorChannel, endpointsChannel, routeChannel, tableErrorChannel } from './channels.ts'
import { systemClock } from './clock.ts'
import { type Arrival, EndpointWatch } from './discovery/endpoint-watch.ts'
import { staticDiscovery } from './discovery/static.ts'
import type { Endpoint, Identity } from './endpoint/endpoint.ts'
import type { EndpointSet } from './endpoint/endpoint-set.ts'
import { asRequest } from './key/as-request.ts'
import type { KeySource } from './key/key-source.ts'
import type { RequestLike } from './key/request-like.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { InFlight } from './route/in-flight.ts'
import { OpenLeases } from './route/open-leases.ts'
import { type LeaseHost, RequestLease } from './route/request-lease.ts'
import type { RefusalReason, Route } from './route/route.ts'
import type { RouteOptions, Routing } from './route/routing.ts'
import { checkStickyOptions, type StickyOptions } from './sticky-options.ts'
import { GuardedTable } from './table/guarded-table.ts'
import { memoryTable } from './table/memory.ts'
import type { Binding, Claim, Move } from './table/sticky-table.ts'

/** One pool: routes requests to the endpoints of one service. @public */
export interface Sticky extends Routing {
  /** The newest endpoint snapshot; undefined until discovery has its first. */
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
  checkStickyOptions(options)
  return new StickyPool(options)
}

/**
 * Moves that one request tries, lost to others or overtaken by discovery, before it goes elsewhere and leaves the key
 * as it is. Every connection that fails here costs one, so a pool where all but the ninth endpoint refuse is served.
 */
const MOST_MOVES = 8

class StickyPool implements Sticky {
  readonly #key: KeySource
  readonly #watch: EndpointWatch
  readonly #table: GuardedTable<RequestLease, Route>
  readonly #placement: Balancer
  readonly #placementWithoutTable: Balancer
  readonly #onLost: NonNullable<StickyOptions['onLost']>
  readonly #onTableError: NonNullable<StickyOptions['onTableError']>
  readonly #inFlight = new InFlight()
  readonly #openLeases: OpenLeases
  readonly #host: LeaseHost
  #isClosed = false

  constructor(options: StickyOptions) {
    const { clock = systemClock, name: pool = 'default', onTableError = 'fallback' } = options
    this.#key = options.key
    this.#placement = options.placement ?? rendezvous()
    this.#placementWithoutTable = onTableError === 'balance' ? this.#placement : rendezvous()
    this.#onLost = options.onLost ?? 'rebind'
    this.#onTableError = onTableError
    this.#table = new GuardedTable(options.table ?? memoryTable({ clock }), {
      timeoutMs: options.tableTimeoutMs ?? 250,
      clock,
      failed: this.#withoutTable,
      ended: (lease) =>
        this.#isClosed
          ? lease.refuse('closed', 'the pool was closed')
          : lease.refuse('hold-timeout', 'the request was aborted while it waited for the table'),
      report: (operation, error) => {
        if (tableErrorChannel.hasSubscribers) tableErrorChannel.publish({ pool, operation, error })
      },
    })
    this.#openLeases = new OpenLeases(clock, (key, binding) => this.#table.tryTouch(key, binding))
    this.#host = {
      keyName: options.key.name,
      inFlight: this.#inFlight,
      openLeases: this.#openLeases,
      random: options.random ?? Math.random,
      next: this.#next,
      correct: this.#correct,
      observe: (route) => {
        if (routeChannel.hasSubscribers) routeChannel.publish({ pool, route })
      },
    }
    const discovery = 'watch' in options.endpoints ? options.endpoints : staticDiscovery(options.endpoints)
    this.#watch = new EndpointWatch(discovery, {
      startTimeoutMs: options.startTimeoutMs ?? 5_000,
      maxWaiting: options.maxWaiting ?? 1_024,
      clock,
      changed: (set) => {
        this.#inFlight.keepOnly(set)
        if (endpointsChannel.hasSubscribers) endpointsChannel.publish({ pool, set })
      },
      failed: (error) => {
        if (discoveryErrorChannel.hasSubscribers) discoveryErrorChannel.publish({ pool, error })
      },
    })
  }

  get endpoints(): EndpointSet | undefined {
    return this.#watch.current
  }

  get inFlight(): number {
    return this.#inFlight.total()
  }

  route(request: RequestLike | Headers, options?: RouteOptions): MaybePromise<Route> {
    const reading = this.#key.read(asRequest(request))
    const key = typeof reading === 'object' || reading === '' ? undefined : reading
    const lease = new RequestLease(this.#host, key, options)
    if (this.#isClosed) return lease.refuse('closed', 'the pool was closed')
    if (typeof reading === 'object') return lease.refuse(reading.reason, reading.message)
    return this.#watch.current ? this.#look(lease) : this.#lookOnArrival(lease)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#openLeases.close()
    this.#table.close()
    await this.#watch.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #look(lease: RequestLease): MaybePromise<Route> {
    if (lease.key === undefined) return this.#place(lease)
    return this.#table.lookup(lease.key, lease, this.#found)
  }

  async #lookOnArrival(lease: RequestLease): Promise<Route> {
    const arrival = await this.#watch.arrival(lease.signal)
    return arrival === 'known' ? this.#look(lease) : lease.refuse(...NO_SNAPSHOT[arrival])
  }

  readonly #found = (lease: RequestLease, binding: Binding | undefined): MaybePromise<Route> => {
    lease.binding = binding
    if (binding === undefined) return this.#place(lease)
    const endpoint = this.#usable(binding, lease)
    return endpoint ? lease.serve('stuck', endpoint) : this.#lost(lease, binding)
  }

  /** The endpoint of a binding if it takes requests of its key and this request has not failed there. */
  #usable({ identity }: Binding, lease: RequestLease): Endpoint | undefined {
    const set = this.#watch.current
    const state = set?.availability(identity)?.state
    if (state !== 'ready' && state !== 'draining') return undefined
    const endpoint = set?.get(identity)
    return endpoint && !lease.skips(endpoint) ? endpoint : undefined
  }

  #lost(lease: RequestLease, binding: Binding): MaybePromise<Route> {
    if (this.#onLost === 'rebind') return this.#rebind(lease, binding)
    const status = this.#onLost === 'fail' ? undefined : this.#onLost.status
    return lease.refuse('lost', `the endpoint of this key, ${binding.identity}, is lost`, status)
  }

  #pick(lease: RequestLease, balancer: Balancer): Endpoint | undefined {
    const set = this.#watch.current
    const endpoint = set && balancer.pick(set, lease)
    // A balancer that disregards what it must skip would have one request fail at the same endpoint for ever.
    return endpoint && !lease.skips(endpoint) ? endpoint : undefined
  }

  #place(lease: RequestLease): MaybePromise<Route> {
    const endpoint = this.#pick(lease, this.#placement)
    if (!endpoint) return this.#nobody(lease)
    if (lease.key === undefined) return lease.serve('keyless', endpoint)
    return this.#table.claim(lease.key, endpoint.identity, lease, this.#claimed)
  }

  readonly #claimed = (lease: RequestLease, { binding, created }: Claim): MaybePromise<Route> => {
    if (!created) return this.#found(lease, binding)
    lease.binding = binding
    lease.replaced = 'nothing'
    const endpoint = this.#usable(binding, lease)
    return endpoint ? lease.serve('bound', endpoint) : this.#rebind(lease, binding)
  }

  #rebind(lease: RequestLease, from: Binding): MaybePromise<Route> {
    const endpoint = this.#pick(lease, this.#placement)
    if (!endpoint) return this.#nobody(lease)
    if (++lease.moves > MOST_MOVES) return lease.serve('detour', endpoint, from.identity)
    return this.#table.move(lease.key as string, from, endpoint.identity, lease, this.#moved)
  }

  readonly #moved = (lease: RequestLease, { binding, moved }: Move): MaybePromise<Route> => {
    const from = lease.binding as Binding
    lease.binding = binding
    const endpoint = this.#usable(binding, lease)
    if (moved) {
      lease.replaced ??= from
      return endpoint ? lease.serve('moved', endpoint, from.identity) : this.#rebind(lease, binding)
    }
    lease.replaced = undefined
    return endpoint ? lease.serve('stuck', endpoint) : this.#lost(lease, binding)
  }

  readonly #next = (lease: RequestLease): MaybePromise<Route> => {
    if (lease.tableError !== undefined) return this.#placeWithoutTable(lease)
    if (lease.binding === undefined) return this.#place(lease)
    const isOwn = lease.replaced !== undefined
    return isOwn ? this.#rebind(lease, lease.binding) : this.#lost(lease, lease.binding)
  }

  /** No endpoint is left: takes back the binding that this request made, and refuses. */
  #nobody(lease: RequestLease): Route {
    const { key, binding, replaced } = lease
    if (key !== undefined && binding && replaced) {
      const isListed = replaced !== 'nothing' && this.#watch.current?.get(replaced.identity)
      if (isListed) void this.#table.tryMove(key, binding, replaced.identity)
      else void this.#table.tryRelease(key, binding)
    }
    return lease.failure === undefined
      ? lease.refuse('no-endpoints', 'no endpoint takes new keys')
      : lease.refuse('no-endpoints', 'no endpoint could be connected')
  }

  readonly #withoutTable = (lease: RequestLease, error: unknown): Route => {
    lease.tableError = error ?? 'unknown'
    if (this.#onTableError !== 'refuse') return this.#placeWithoutTable(lease)
    return lease.refuse('table-unavailable', 'the sticky table does not answer')
  }

  #placeWithoutTable(lease: RequestLease): Route {
    const endpoint = this.#pick(lease, this.#placementWithoutTable)
    return endpoint ? lease.serve('fallback', endpoint) : this.#nobody(lease)
  }

  readonly #correct = (lease: RequestLease, servedBy: Identity): MaybePromise<void> => {
    if (lease.key === undefined || !lease.binding || !this.#watch.current?.get(servedBy)) return
    return this.#table.tryMove(lease.key, lease.binding, servedBy, (binding) => {
      lease.binding = binding
    })
  }
}

const NO_SNAPSHOT: { readonly [A in Exclude<Arrival, 'known'>]: readonly [RefusalReason, string] } = {
  timeout: ['hold-timeout', 'discovery has no endpoints yet (option "createSticky.startTimeoutMs")'],
  'queue-full': ['queue-full', 'too many requests wait for discovery (option "createSticky.maxWaiting")'],
  aborted: ['hold-timeout', 'the request was aborted while it waited for discovery'],
  failed: ['no-endpoints', 'discovery gave up before it found any endpoint'],
  closed: ['closed', 'the pool was closed'],
}
