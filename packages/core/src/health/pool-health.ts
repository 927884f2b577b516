import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import { type EndpointState, healthOf } from '../endpoint/endpoint-state.ts'
import type { PoolSnapshot } from '../endpoint/pool-snapshot.ts'
import type { Outcome } from '../route/route.ts'
import type { LossConfirmation } from '../sticky-options.ts'
import type { HealthCheck } from './health-check.ts'
import { HealthChecks } from './health-checks.ts'
import type { HealthReason } from './health-reason.ts'
import { PassiveHealth } from './passive-health.ts'
import type { CheckedPassiveHealth } from './passive-health-options.ts'

/** What {@link PoolHealth} needs of its pool. */
export interface PoolHealthHost {
  readonly clock: Clock
  readonly random: () => number
  readonly check: HealthCheck | undefined
  readonly passive: CheckedPassiveHealth
  readonly confirmation: Required<LossConfirmation>
  readonly snapshot: () => PoolSnapshot | undefined
  readonly state: (identity: Identity) => EndpointState | undefined
  /** Told of each verdict that has changed, after it was noted in the state. */
  readonly changed: (state: EndpointState, reason: HealthReason, error: unknown) => void
}

/** What this replica finds out of the health of its endpoints, by traffic and by checks. */
export class PoolHealth {
  readonly #host: PoolHealthHost
  readonly #passive: PassiveHealth
  readonly #checks: HealthChecks | undefined

  constructor(host: PoolHealthHost) {
    this.#host = host
    this.#checks = host.check && new HealthChecks(host.check, { ...host, changed: this.#checked })
    this.#passive = new PassiveHealth(host.passive, {
      clock: host.clock,
      poolSize: () => host.snapshot()?.servingSize ?? 0,
      isListed: (state) => host.state(state.identity) === state,
      changed: (state, reason) => host.changed(state, reason, undefined),
    })
  }

  get measuresLatency(): boolean {
    return this.#passive.measuresLatency
  }

  connectFailed(state: EndpointState): void {
    this.#passive.connectFailed(state)
  }

  answered(state: EndpointState, outcome: Outcome, latencyMs: number | undefined): void {
    const isError = outcome.error !== undefined || (outcome.status !== undefined && outcome.status >= 500)
    this.#passive.answered(state, isError, latencyMs)
  }

  /**
   * Whether what this replica alone sees of a lost endpoint is enough to move its keys for all: it has lasted, or was seen
   * often, and most of the pool looks well from here.
   */
  isConfirmed({ health }: EndpointState): boolean {
    const { afterMs, failures } = this.#host.confirmation
    const { suspectSince, connectFailures } = health
    if (suspectSince === undefined) return false
    const hasLasted = this.#host.clock.now() - suspectSince >= afterMs
    return (hasLasted || connectFailures >= failures) && !this.#looksMostlyLost()
  }

  /** Tells which endpoints are to be checked. */
  follow(discovered: EndpointSet): void {
    this.#checks?.update(discovered)
  }

  forget(state: EndpointState): void {
    this.#passive.forget(state)
  }

  close(): void {
    this.#passive.close()
    this.#checks?.close()
  }

  readonly #checked = (identity: Identity, verdict: 'passing' | 'failing', error: unknown): void => {
    const state = this.#host.state(identity)
    if (!state) return
    const before = healthOf(state.health)
    state.health.checks = verdict
    if (verdict === 'failing') this.#passive.checkFailed(state)
    // An ejection that ends by it is told of already.
    if (verdict === 'passing' && this.#passive.checkPassed(state)) return
    if (healthOf(state.health) !== before) this.#host.changed(state, 'checks', error)
  }

  /** One that is not ready or drained serves nobody: it leaves no room to take another out. */
  /** More than half the pool fails from here: the network of this replica is the likelier culprit. */
  #looksMostlyLost(): boolean {
    const snapshot = this.#host.snapshot()
    if (!snapshot) return true
    let lost = 0
    for (const { state } of snapshot.members()) {
      if (state.health.suspectSince !== undefined || healthOf(state.health) !== 'healthy') lost++
    }
    return lost * 2 > snapshot.endpoints.length
  }
}
