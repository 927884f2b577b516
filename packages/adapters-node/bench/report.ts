import { PROXIES, type ProxyName } from './options.ts'
import { ratios, type WorkloadResult } from './ratios.ts'
import type { Round } from './round.ts'
import { median, quantile } from './statistics.ts'
import { table } from './table.ts'
import { WORKLOADS } from './workload.ts'

const FIGURES = [
  'proxy',
  'req/s median [min..max]',
  'CPU us/req median [min..max]',
  'p50 us',
  'p99 us',
  'load side idle',
  'stickiness checks',
]

const RATIOS = ['forward() against', 'req/s', 'CPU efficiency', 'p50', 'p99']

/** What was measured of one workload, in markdown: figures of every proxy, and ratios of `forward()` to its peers. */
export function workloadReport(result: WorkloadResult): string {
  const { workload, rounds } = result
  const figures = [...rounds].map(([name, list]) => proxyRow(name, list))
  const parts = [`## ${WORKLOADS[workload].title}`, table(FIGURES, [...figures, ...directRow(result)])]
  const peers = [...rounds.keys()].filter((name) => name !== 'forward')
  const compared = peers.flatMap((peer) => ratioRow(result, peer))
  if (compared.length > 0) parts.push('Per round, median [quartiles]:', table(RATIOS, compared))
  return parts.join('\n\n')
}

/** What the decision costs, measured alone, beside what a whole request costs. */
export function decisionReport(nanoseconds: number, results: readonly WorkloadResult[]): string {
  const shares = results.map(({ workload, rounds }) => {
    const cpu = median(rounds.get('forward')?.map(({ cpuPerRequest }) => cpuPerRequest) ?? [])
    return `${percent(nanoseconds / 1_000 / cpu, 1)} of ${WORKLOADS[workload].name}`
  })
  return `Decision alone (route, settle, done): ${nanoseconds.toFixed(0)} ns; ${shares.join(', ')}.`
}

function proxyRow(name: ProxyName, rounds: readonly Round[]): string[] {
  const of = (figure: keyof Round) => rounds.map((round) => round[figure])
  return [
    PROXIES[name].title,
    range(of('requestsPerSecond')),
    range(of('cpuPerRequest')),
    median(of('p50')).toFixed(0),
    median(of('p99')).toFixed(0),
    percent(median(of('loadIdle'))),
    String(of('repeats').reduce((sum, repeats) => sum + repeats, 0)),
  ]
}

function directRow({ direct }: WorkloadResult): string[][] {
  if (!direct) return []
  const { requestsPerSecond, p50, p99, loadIdle } = direct
  const name = 'no proxy (limit of the load side)'
  return [[name, requestsPerSecond.toFixed(0), '', p50.toFixed(0), p99.toFixed(0), percent(loadIdle), '']]
}

function ratioRow(result: WorkloadResult, peer: ProxyName): string[][] {
  const against = ratios(result, peer)
  if (against === undefined) return []
  const { requestsPerSecond, cpuEfficiency, p50, p99 } = against
  return [[PROXIES[peer].title, ...[requestsPerSecond, cpuEfficiency, p50, p99].map(quartiles)]]
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(0)} [${low.toFixed(0)}..${high.toFixed(0)}]`
}

function quartiles(values: readonly number[]): string {
  const [low, high] = [quantile(values, 0.25), quantile(values, 0.75)]
  return `**${median(values).toFixed(2)}** [${low.toFixed(2)}..${high.toFixed(2)}]`
}

function percent(part: number, digits = 0): string {
  return `${(part * 100).toFixed(digits)} %`
}
