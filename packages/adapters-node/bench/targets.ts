import { PROXIES, type ProxyName } from './options.ts'
import { type Ratios, ratios, type WorkloadResult } from './ratios.ts'
import { median } from './statistics.ts'
import { table } from './table.ts'
import { WORKLOADS, type WorkloadName } from './workload.ts'

/** What the median of a ratio of `forward()` to a peer should be. */
interface Target {
  readonly workload: WorkloadName
  readonly peer: ProxyName
  readonly figure: keyof Ratios
  readonly bound: 'at least' | 'above' | 'below'
  readonly value: number
}

const SPEEDS = ['requestsPerSecond', 'cpuEfficiency'] as const
const PEERS = ['http-proxy', 'fastify', 'http2-proxy'] as const
const WORKLOAD_NAMES = Object.keys(WORKLOADS) as WorkloadName[]
const OTHERS = WORKLOAD_NAMES.filter((workload) => workload !== 'small')

const small = (peer: ProxyName, value: number): Target[] =>
  SPEEDS.map((figure) => ({ workload: 'small', peer, figure, bound: 'at least', value }))
const faster = (workload: WorkloadName, peer: ProxyName): Target[] =>
  SPEEDS.map((figure) => ({ workload, peer, figure, bound: 'above', value: 1 }))
const lowerTail = (workload: WorkloadName, peer: ProxyName): Target => ({
  workload,
  peer,
  figure: 'p99',
  bound: 'below',
  value: 1,
})

const TARGETS: readonly Target[] = [
  ...small('http-proxy', 2.3),
  ...small('bare', 0.85),
  ...OTHERS.flatMap((workload) => PEERS.flatMap((peer) => faster(workload, peer))),
  ...WORKLOAD_NAMES.flatMap((workload) => PEERS.map((peer) => lowerTail(workload, peer))),
]

const FIGURES: Readonly<Record<keyof Ratios, string>> = {
  requestsPerSecond: 'req/s',
  cpuEfficiency: 'CPU efficiency',
  p50: 'p50',
  p99: 'p99',
}

/**
 * Every target whose workload and peer ran, with what was reached; empty if there is none. No more than a report: on a
 * shared machine a single run may miss one.
 */
export function targetTable(results: readonly WorkloadResult[]): string {
  const rows = TARGETS.flatMap((target) => {
    const result = results.find(({ workload }) => workload === target.workload)
    const reached = result && ratios(result, target.peer)?.[target.figure]
    return reached ? [row(target, median(reached))] : []
  })
  return rows.length === 0
    ? ''
    : table(['', 'workload', 'forward() against', 'figure', 'target', 'reached'], rows)
}

function row({ workload, peer, figure, bound, value }: Target, reached: number): string[] {
  const isMet = bound === 'below' ? reached < value : bound === 'above' ? reached > value : reached >= value
  return [
    isMet ? '✓' : '✗ MISSED',
    WORKLOADS[workload].title,
    PROXIES[peer].title,
    FIGURES[figure],
    `${bound} ${value}`,
    reached.toFixed(2),
  ]
}
