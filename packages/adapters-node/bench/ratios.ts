import type { ProxyName } from './options.ts'
import type { Round } from './round.ts'
import type { WorkloadName } from './workload.ts'

/** The rounds of one workload, of each proxy in the same order, and a run without a proxy where the backends speak its transport. */
export interface WorkloadResult {
  readonly workload: WorkloadName
  readonly rounds: ReadonlyMap<ProxyName, readonly Round[]>
  readonly direct: Round | undefined
}

/** `forward()` against a peer in the same round, for every round. */
export interface Ratios {
  /** Ours to theirs: above 1 is better. */
  readonly requestsPerSecond: readonly number[]
  /** Their CPU time per request to ours: above 1 is better. Does not depend on whether the load side kept up. */
  readonly cpuEfficiency: readonly number[]
  /** Ours to theirs: below 1 is better. */
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

/** Undefined if one of the two did not run. */
export function ratios({ rounds }: WorkloadResult, peer: ProxyName): Ratios | undefined {
  const ours = rounds.get('forward')
  const theirs = rounds.get(peer)
  if (!ours || !theirs) return undefined
  const compare = (ratio: (our: Round, their: Round) => number) =>
    ours.map((our, index) => ratio(our, theirs[index] as Round))
  return {
    requestsPerSecond: compare((our, their) => our.requestsPerSecond / their.requestsPerSecond),
    cpuEfficiency: compare((our, their) => their.cpuPerRequest / our.cpuPerRequest),
    p50: compare((our, their) => our.p50 / their.p50),
    p99: compare((our, their) => our.p99 / their.p99),
  }
}
