import type { Clock } from '../clock.ts'
import { type EndpointState, healthOf } from '../endpoint/endpoint-state.ts'
import type { HealthReason } from './health-reason.ts'
import { LatencyOutliers } from './latency-outliers.ts'
import type { CheckedPassiveHealth } from './passive-health-options.ts'

/** What {@link PassiveHealth} needs of its pool. */
export interface PassiveHealthHost {
  readonly clock: Clock
  /** Endpoints that could serve if all were healthy. */
  readonly poolSize: () => number
  /** Whether this still is the state of an endpoint of the pool: requests outlast their endpoints. */
  readonly isListed: (state: EndpointState) => boolean
  /** Told of an endpoint that traffic took out, or that is let in again. */
  readonly changed: (state: EndpointState, reason: HealthReason) => void
}

/**
 * Takes endpoints out that real traffic finds dead, failing or slow, for a time that grows with each ejection in a row
 * (as Envoy's outlier detection), and at most a share of the pool. One that is let in again is on probation: its next failure
 * takes it out at once. It is forgiven when it has done well for as long as it was out.
 */
export class PassiveHealth {
  readonly #options: CheckedPassiveHealth
  readonly #host: PassiveHealthHost
  readonly #out = new Set<EndpointState>()
  readonly #suspects = new Set<EndpointState>()
  readonly #outliers: LatencyOutliers | undefined
  #cancelReturn: (() => void) | undefined
  #isClosed = false

  constructor(options: CheckedPassiveHealth, host: PassiveHealthHost) {
    this.#options = options
    this.#host = host
    this.#outliers = options.latency && new LatencyOutliers(options.latency, host.clock.now())
  }

  /** Whether latencies are wanted: they cost a look at the clock for each request. */
  get measuresLatency(): boolean {
    return this.#outliers !== undefined
  }

  /** Endpoints that failed since they last did well. */
  get suspects(): number {
    return this.#suspects.size
  }

  connectFailed(state: EndpointState): void {
    if (!this.#host.isListed(state)) return
    const { health } = state
    health.connectFailures++
    this.#suspect(state)
    if (health.connectFailures >= this.#options.connectFailures) this.#eject(state, 'connect-failures')
  }

  /** The endpoint has answered, if only with an error. `latencyMs` is undefined where it was not measured. */
  answered(state: EndpointState, isError: boolean, latencyMs: number | undefined): void {
    const { health } = state
    health.connectFailures = 0
    if (this.#outliers && latencyMs !== undefined) this.#measure(this.#outliers, state, latencyMs)
    if (isError && this.#options.errors !== Number.POSITIVE_INFINITY) {
      health.errors++
      if (health.errors >= this.#options.errors && this.#host.isListed(state)) {
        this.#suspect(state)
        this.#eject(state, 'errors')
      }
      return
    }
    health.errors = 0
    if (health.suspectSince !== undefined || health.ejections > 0) this.#doesWell(state)
  }

  /** The active checks find the endpoint failing: it does not do well from now on, whether it has traffic or not. */
  checkFailed(state: EndpointState): void {
    this.#suspect(state)
  }

  /**
   * The active checks have found the endpoint well again: an ejection for failed connections is over. Answers whether
   * there was one.
   */
  checkPassed(state: EndpointState): boolean {
    const wasUnreachable = state.health.traffic === 'unreachable'
    if (wasUnreachable) this.#letIn(state, 'checks')
    if (state.health.traffic === 'healthy') this.#clear(state)
    return wasUnreachable
  }

  /** Forgets an endpoint that is gone. */
  forget(state: EndpointState): void {
    this.#out.delete(state)
    this.#suspects.delete(state)
    this.#outliers?.forget(state)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelReturn?.()
    this.#cancelReturn = undefined
  }

  #suspect(state: EndpointState): void {
    if (state.health.suspectSince !== undefined) return
    state.health.suspectSince = this.#host.clock.now()
    this.#suspects.add(state)
  }

  #clear(state: EndpointState): void {
    state.health.suspectSince = undefined
    this.#suspects.delete(state)
  }

  #doesWell(state: EndpointState): void {
    const { health } = state
    // A late answer of a request from before the ejection, or the checks that fail, proves nothing.
    if (healthOf(health) !== 'healthy') return
    this.#clear(state)
    if (health.ejections === 0) return
    const wasOutMs = this.#ejectionMs(health.ejections)
    if (this.#host.clock.now() >= health.ejectedUntil + wasOutMs) health.ejections = 0
  }

  #measure(outliers: LatencyOutliers, state: EndpointState, latencyMs: number): void {
    const now = this.#host.clock.now()
    for (const slow of outliers.add(state, latencyMs, now)) {
      this.#suspect(slow)
      this.#eject(slow, 'latency')
    }
  }

  #ejectionMs(ejections: number): number {
    return Math.min(ejections * this.#options.ejectionMs, this.#options.maxEjectionMs)
  }

  #eject(state: EndpointState, reason: HealthReason): void {
    const { health } = state
    if (health.traffic !== 'healthy' || this.#isClosed) return
    // 0.29 of 100 is 28.999999999999996 in floating point, and meant as 29.
    const most = Math.floor(this.#host.poolSize() * this.#options.maxEjectedShare + 1e-9)
    if (this.#out.size >= most) return
    health.ejections++
    health.ejectedUntil = this.#host.clock.now() + this.#ejectionMs(health.ejections)
    health.traffic = reason === 'connect-failures' ? 'unreachable' : 'ejected'
    this.#out.add(state)
    this.#returnLater()
    this.#host.changed(state, reason)
  }

  #letIn(state: EndpointState, reason: HealthReason): void {
    const { health } = state
    this.#out.delete(state)
    health.traffic = 'healthy'
    // On probation: one more failure is one too many.
    health.connectFailures = onProbation(this.#options.connectFailures)
    health.errors = onProbation(this.#options.errors)
    this.#host.changed(state, reason)
  }

  #returnLater(): void {
    this.#cancelReturn?.()
    this.#cancelReturn = undefined
    if (this.#out.size === 0 || this.#isClosed) return
    let first = Number.POSITIVE_INFINITY
    for (const { health } of this.#out) first = Math.min(first, health.ejectedUntil)
    this.#cancelReturn = this.#host.clock.after(first - this.#host.clock.now(), () => {
      const now = this.#host.clock.now()
      for (const state of this.#out) if (state.health.ejectedUntil <= now) this.#letIn(state, 'ejection-over')
      this.#returnLater()
    })
  }
}

function onProbation(limit: number): number {
  return Number.isFinite(limit) ? limit - 1 : 0
}
