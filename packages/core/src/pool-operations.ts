import type { RebalanceOptions, RebalanceOutcome } from './balance/rebalance-options.ts'
import type { DrainOptions, DrainOutcome } from './endpoint/drains.ts'
import type { Identity } from './endpoint/endpoint.ts'
import type { PoolStats } from './stats.ts'

/**
 * What an operator can ask of a pool and do with it while it runs. After `close()` all but `stats()` fail with `closed`.
 *
 * @public
 */
export interface PoolOperations {
  /** The pool in numbers. Made when asked for; costs a step for each endpoint. */
  stats(): PoolStats
  /**
   * Gives an endpoint another weight than discovery does, 0 to 65535, until it is gone; `undefined` = discovery's again.
   * With 0 it takes no new keys and keeps those it has. Placement of new keys follows; no bound key moves.
   *
   * @throws StickyError `unknown-identity`, `invalid-option`
   */
  setWeight(identity: Identity, weight: number | undefined): void
  /**
   * Drains an endpoint: it keeps its keys and gets no new ones. Resolves when none is left, or at the deadline, after
   * which its keys are lost to the cause `drained`. Called again, it joins the drain under way. Rejects with the reason of
   * `signal`, which ends this wait and not the drain; with `unknown-identity` if there is no such endpoint.
   */
  drain(identity: Identity, options?: DrainOptions): Promise<DrainOutcome>
  /**
   * Calls off a drain that `drain()` began, also one that has ended. Answers whether there was one.
   *
   * @throws StickyError `unknown-identity`
   */
  undrain(identity: Identity): boolean
  /**
   * Moves idle keys to endpoints that have fewer than their share, for instance after scaling out: nothing else moves a key
   * without need. Needs a table that counts and moves in bulk, as `memoryTable()` does; rejects with `not-supported`
   * without.
   */
  rebalance(options: RebalanceOptions): Promise<RebalanceOutcome>
}
