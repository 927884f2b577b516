import { rebalance, type Share } from './balance/rebalance.ts'
import {
  checkRebalanceOptions,
  type RebalanceOptions,
  type RebalanceOutcome,
} from './balance/rebalance-options.ts'
import { channels } from './channels.ts'
import { EndpointWatch } from './discovery/endpoint-watch.ts'
import { type DrainOptions, type DrainOutcome, Drains } from './endpoint/drains.ts'
import type { Identity } from './endpoint/endpoint.ts'
import type { EndpointSet } from './endpoint/endpoint-set.ts'
import type { EndpointState } from './endpoint/endpoint-state.ts'
import { PoolEndpoints } from './endpoint/pool-endpoints.ts'
import type { PoolSnapshot } from './endpoint/pool-snapshot.ts'
import { StickyError } from './error.ts'
import { PoolHealth } from './health/pool-health.ts'
import { durationOption, invalidOption, optionsObject } from './option.ts'
import { Holds } from './route/holds.ts'
import { InFlight } from './route/in-flight.ts'
import { OpenLeases } from './route/open-leases.ts'
import type { Route } from './route/route.ts'
import { type MoveCause, RouteCounts } from './route/route-counts.ts'
import type { PoolStats } from './stats.ts'
import type { CheckedStickyOptions } from './sticky-options.ts'
import { canConfirm, canCount, canMoveInBulk, type EndpointCounts, isComputed } from './table/capabilities.ts'
import type { Binding } from './table/sticky-table.ts'

/**
 * What a pool consists of, apart from the decision itself: its endpoints with their health and drains, those that wait,
 * what is counted, and what operators do.
 */
export class Pool {
  readonly inFlight: InFlight = new InFlight()
  readonly openLeases: OpenLeases
  readonly holds: Holds
  readonly endpoints: PoolEndpoints
  readonly health: PoolHealth
  readonly watch: EndpointWatch
  readonly #options: CheckedStickyOptions
  readonly #counts = new RouteCounts()
  readonly #drains: Drains
  readonly #endpointCounts: EndpointCounts | undefined
  readonly #closing = new AbortController()
  /** Tells a table that computes its bindings which endpoints there are. */
  readonly #tellTable: ((set: EndpointSet) => void) | undefined
  /** Asked for by every request, which the signal's getter would slow down. */
  #isClosed = false

  constructor(options: CheckedStickyOptions, touch: (key: string, binding: Binding) => void) {
    const { clock, table, name: pool } = options
    this.#options = options
    this.#endpointCounts = canCount(table) ? table : undefined
    this.#tellTable = isComputed(table) ? table.attach() : undefined
    this.openLeases = new OpenLeases(clock, touch)
    this.holds = new Holds(clock)
    this.endpoints = new PoolEndpoints({
      clock,
      inFlight: this.inFlight,
      slowStart: options.slowStart,
      changed: (snapshot) => this.#follow(snapshot),
      gone: (state) => this.health.forget(state),
    })
    this.health = new PoolHealth({
      clock,
      random: options.random,
      check: options.healthCheck,
      passive: options.passiveHealth,
      confirmation: options.confirmLoss,
      snapshot: () => this.endpoints.current,
      state: (identity) => this.endpoints.state(identity),
      changed: (state, reason, error) => {
        this.endpoints.refresh()
        if (!channels.health.hasSubscribers) return
        const { identity } = state
        const isHealthy = state.health.traffic === 'healthy' && state.health.checks !== 'failing'
        channels.health.publish({ pool, identity, isHealthy, reason, error })
      },
    })
    this.#drains = new Drains({
      clock,
      deadlineMs: options.drainDeadlineMs,
      bound: (identity) => this.#endpointCounts?.countByEndpoint(identity),
      confirm: canConfirm(table) ? (identity) => table.isUnbound(identity) : undefined,
      changed: () => this.endpoints.refresh(),
      began: (identity) => {
        if (channels.drain.hasSubscribers) channels.drain.publish({ pool, identity })
      },
      ended: (identity, outcome) => {
        if (channels.drained.hasSubscribers) channels.drained.publish({ pool, identity, outcome })
      },
    })
    this.watch = new EndpointWatch(options.discovery, {
      startTimeoutMs: options.startTimeoutMs,
      maxWaiting: options.maxWaiting,
      clock,
      changed: (set) => {
        this.endpoints.update(set)
        this.health.follow(set)
      },
      failed: (error, isFinal, asOf) => {
        if (channels.discoveryError.hasSubscribers)
          channels.discoveryError.publish({ pool, error, isFinal, asOf })
      },
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Keys bound to an endpoint; 0 where nobody counts. */
  readonly bound = (identity: Identity): number => this.#endpointCounts?.countByEndpoint(identity) ?? 0

  /** Notes a route that was given. */
  readonly observe = (route: Route): void => {
    this.#counts.route(route)
    if (channels.route.hasSubscribers) channels.route.publish({ pool: this.#options.name, route })
  }

  /** Notes a binding that was moved. */
  moved(from: Identity, to: Identity, cause: MoveCause): void {
    this.#counts.move(cause)
    if (channels.move.hasSubscribers) channels.move.publish({ pool: this.#options.name, from, to, cause })
  }

  async drain(identity: Identity, options: DrainOptions = {}): Promise<DrainOutcome> {
    optionsObject('drain', options, ['deadlineMs', 'signal'])
    const { deadlineMs, signal } = options
    if (deadlineMs !== undefined) durationOption('drain.deadlineMs', deadlineMs, 0, 'finite')
    return this.#drains.drain(this.#stateOf(identity), deadlineMs, signal)
  }

  undrain(identity: Identity): boolean {
    return this.#drains.undrain(this.#stateOf(identity))
  }

  setWeight(identity: Identity, weight: number | undefined): void {
    const state = this.#stateOf(identity)
    if (weight !== undefined && !(typeof weight === 'number' && weight >= 0 && weight <= 65_535)) {
      throw invalidOption('setWeight.weight', 'a number from 0 to 65535, or undefined', weight)
    }
    if (state.weight === weight) return
    state.weight = weight
    this.endpoints.refresh()
  }

  async rebalance(options: RebalanceOptions): Promise<RebalanceOutcome> {
    const checked = checkRebalanceOptions(options)
    this.#refuseIfClosed()
    const { table, clock, minMoveIntervalMs } = this.#options
    if (!canCount(table) || !canMoveInBulk(table)) {
      throw new StickyError(
        'not-supported',
        'rebalance() needs a table with countByEndpoint() and moveSlice()',
      )
    }
    return rebalance(
      {
        table,
        clock,
        minMoveIntervalMs,
        endpoints: () => (this.isClosed ? undefined : this.#shares()),
        inUse: () => this.openLeases.versions(),
        moved: (from, to) => this.moved(from, to, 'rebalanced'),
      },
      {
        ...checked,
        signal: AbortSignal.any([this.#closing.signal, ...(checked.signal ? [checked.signal] : [])]),
      },
    )
  }

  stats(): PoolStats {
    const snapshot = this.endpoints.current
    const { table, name: pool } = this.#options
    const size = (table as { readonly size?: unknown }).size
    const endpoints = [...(snapshot?.members() ?? [])].map(({ endpoint, availability, state }) => ({
      identity: endpoint.identity,
      availability,
      weight: state.weight ?? endpoint.weight,
      requests: state.count.requests,
      bound: this.#endpointCounts?.countByEndpoint(endpoint.identity),
      ejections: state.health.ejections,
    }))
    return {
      pool,
      ...this.#counts.snapshot(),
      inFlight: this.inFlight.total(),
      waiting: { snapshot: this.watch.waiting, hold: this.holds.size },
      bindings: typeof size === 'number' ? size : undefined,
      isPanic: snapshot?.isPanic ?? false,
      endpoints,
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#closing.abort()
    this.openLeases.close()
    this.holds.close()
    this.#drains.close()
    this.health.close()
    this.endpoints.close()
    return this.watch.close()
  }

  #follow(snapshot: PoolSnapshot): void {
    this.#tell(snapshot)
    this.holds.look(snapshot)
    this.#drains.follow(snapshot)
    if (channels.endpoints.hasSubscribers) {
      channels.endpoints.publish({ pool: this.#options.name, set: snapshot })
    }
  }

  /** What a table throws must end neither discovery's watch nor, after a change from within, the process. */
  #tell(snapshot: PoolSnapshot): void {
    try {
      this.#tellTable?.(snapshot)
    } catch (error) {
      const { name: pool } = this.#options
      if (channels.tableError.hasSubscribers) {
        channels.tableError.publish({ pool, operation: 'follow', error })
      }
    }
  }

  #refuseIfClosed(): void {
    if (this.isClosed) throw new StickyError('closed', 'the pool was closed')
  }

  #stateOf(identity: Identity): EndpointState {
    this.#refuseIfClosed()
    const state = this.endpoints.state(identity)
    if (state) return state
    throw new StickyError('unknown-identity', `no endpoint of the pool has the identity "${identity}"`)
  }

  #shares(): Share[] {
    const members = [...(this.endpoints.current?.members() ?? [])].filter(({ isPlaceable }) => isPlaceable)
    return members.map(({ endpoint: { identity, weight }, state }) => ({
      identity,
      weight: state.weight ?? weight,
    }))
  }
}
