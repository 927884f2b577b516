import type { LoadOptions, LoadResult } from './load.ts'
import type { BenchOptions, ProxyName } from './options.ts'
import type { Part } from './process.ts'
import type { Ports } from './proxies/listening.ts'
import { WORKLOADS, type WorkloadName } from './workload.ts'

/** What one proxy did in one round. */
export interface Round {
  readonly requestsPerSecond: number
  /** CPU time of the proxy's process, user and system, in microseconds. */
  readonly cpuPerRequest: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Part of the other core that load and backends left unused, 0 to 1. Near 0 they and not the proxy set the pace. */
  readonly loadIdle: number
  /** Responses that were checked to come from the backend of their key. */
  readonly repeats: number
}

/** What a measurement needs of the options of a run. */
export type Stretch = Pick<BenchOptions, 'clients' | 'keys' | 'settleSeconds' | 'seconds'>

/** The processes of a run. */
export interface Stage {
  readonly load: Part
  readonly backends: Part
}

/** A process under load: a proxy, or the backends themselves. */
export interface Subject<Name extends string = ProxyName | 'direct'> {
  readonly name: Name
  readonly part: Part
  readonly ports: Ports
}

/**
 * Measures one stretch on new connections. They are first used for a while unmeasured: proxies drop idle connections
 * to the backends while others have their turn. Between the two readings of CPU time no request is under way that is
 * not counted.
 */
export async function measure(
  { load, backends }: Stage,
  { name, part, ports }: Subject<string>,
  workload: WorkloadName,
  { clients: byDefault, keys, settleSeconds, seconds }: Stretch,
): Promise<Round> {
  const { transport, clients = byDefault } = WORKLOADS[workload]
  const port = ports[transport] as number
  await load.ask('open', { proxy: name, port, workload, clients, keys } satisfies LoadOptions)
  await load.ask('run', settleSeconds)
  const cpus = () => Promise.all([part.cpu(), load.cpu(), backends.cpu()])
  const before = await cpus()
  const result = await load.ask<LoadResult>('run', seconds)
  const after = await cpus()
  await load.ask('close')
  const [proxyCpu = 0, loadCpu = 0, backendCpu = 0] = after.map(
    (cpu, index) => cpu - (before[index] as number),
  )
  return {
    requestsPerSecond: result.requests / result.seconds,
    cpuPerRequest: proxyCpu / result.requests,
    p50: result.p50,
    p99: result.p99,
    loadIdle: Math.max(0, 1 - (loadCpu + backendCpu) / (result.seconds * 1e6)),
    repeats: result.repeats,
  }
}
