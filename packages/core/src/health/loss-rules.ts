import { isLocalEvidence, type LossCause } from '../endpoint/availability.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import type { PoolEndpoints } from '../endpoint/pool-endpoints.ts'
import type { CheckedStickyOptions } from '../sticky-options.ts'
import { isComputed } from '../table/capabilities.ts'
import type { Binding } from '../table/sticky-table.ts'
import type { PoolHealth } from './pool-health.ts'

/** Why an endpoint is lost to a request, and whether that is enough to move its key. */
export class LossRules {
  readonly #options: CheckedStickyOptions
  readonly #endpoints: PoolEndpoints
  readonly #health: PoolHealth
  readonly #isComputed: boolean

  constructor(options: CheckedStickyOptions, endpoints: PoolEndpoints, health: PoolHealth) {
    this.#options = options
    this.#endpoints = endpoints
    this.#health = health
    this.#isComputed = isComputed(options.table)
  }

  /** Why a request cannot use the endpoint. One that looks usable is `unreachable`: the request's own connection failed. */
  causeOf(identity: Identity): LossCause {
    const availability = this.#endpoints.current?.availability(identity)
    if (!availability) return 'gone'
    return availability.state === 'down' ? availability.cause : 'unreachable'
  }

  /**
   * Facts that every replica knows may move a key at once; what this replica alone sees moves a key of a shared table
   * only when it is confirmed. No key moves twice within `minMoveIntervalMs`, and none whose binding is computed.
   */
  mayMove({ identity, movedAt }: Binding, cause: LossCause): boolean {
    const { clock, minMoveIntervalMs, table } = this.#options
    if (this.#isComputed) return false
    if (movedAt !== undefined && clock.now() - movedAt < minMoveIntervalMs) return false
    if (table.scope === 'process' || !isLocalEvidence(cause)) return true
    const state = this.#endpoints.state(identity)
    return state === undefined || this.#health.isConfirmed(state)
  }
}
