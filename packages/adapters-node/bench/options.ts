import { parseArgs } from 'node:util'
import { WORKLOADS, type WorkloadName } from './workload.ts'

/** The proxies in the order in which a round runs them; `forward` is ours. */
export const PROXIES = {
  'http-proxy': { file: 'proxies/http-proxy.ts', title: 'http-proxy' },
  fastify: { file: 'proxies/fastify-http-proxy.ts', title: '@fastify/http-proxy' },
  bare: { file: 'proxies/bare-undici.ts', title: 'bare node:http + undici' },
  'http2-proxy': { file: 'proxies/http2-proxy.ts', title: 'http2-proxy' },
  floor: { file: 'proxies/no-upstream.ts', title: 'node:http2 alone, no upstream' },
  forward: { file: 'proxies/forward.ts', title: 'forward()' },
} as const

export type ProxyName = keyof typeof PROXIES

/** What a run does; from the command line, or with `BENCH_SHORT=1` as short as it can be. */
export interface BenchOptions {
  readonly isShort: boolean
  readonly rounds: number
  /** Length of one measurement. */
  readonly seconds: number
  /** Before each measurement, on its connections. */
  readonly settleSeconds: number
  /** Before the first round of a workload, for each proxy. 0 = not at all. */
  readonly warmUpSeconds: number
  /** How many requests are under way at once, where the workload does not say. */
  readonly clients: number
  /** Distinct session keys. */
  readonly keys: number
  readonly workloads: readonly WorkloadName[]
  readonly proxies: readonly ProxyName[]
  /** Whether a CPU profile of `forward()` is taken and told by layers. */
  readonly profiles: boolean
  /** Where the proxies write CPU profiles of the whole run. */
  readonly profileDir: string | undefined
}

/** What `--only` chooses from. */
const PARTS = [...(Object.keys(WORKLOADS) as WorkloadName[]), 'profile'] as const

const USAGE = `usage: bench [--rounds 7] [--seconds 2] [--connections 64] 
             [--only ${PARTS.join()}]
             [--proxies ${Object.keys(PROXIES).join()}]
             [--profile <directory>]   (BENCH_SHORT=1: only prove that it runs)`

/** @throws Error with the usage for anything it does not know */
export function benchOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const isShort = env.BENCH_SHORT === '1'
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      rounds: { type: 'string', default: isShort ? '1' : '7' },
      seconds: { type: 'string', default: isShort ? '0.3' : '2' },
      connections: { type: 'string', default: '64' },
      only: { type: 'string', default: PARTS.join() },
      proxies: { type: 'string', default: Object.keys(PROXIES).join() },
      profile: { type: 'string' },
    },
  })
  const parts = names(values.only, PARTS)
  return {
    isShort,
    rounds: positive(values.rounds),
    seconds: positive(values.seconds),
    settleSeconds: isShort ? 0.1 : 0.4,
    warmUpSeconds: isShort ? 0 : 3,
    clients: positive(values.connections),
    // A slow proxy answers some hundred requests in a short run: each key must still come more than once.
    keys: isShort ? 100 : 10_000,
    workloads: parts.filter((name) => name !== 'profile'),
    proxies: names(values.proxies, Object.keys(PROXIES) as ProxyName[]),
    profiles: parts.includes('profile'),
    profileDir: values.profile,
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 10_000)) throw new Error(`not a positive number: ${text}\n${USAGE}`)
  return value
}

function names<T extends string>(text: string, known: readonly T[]): T[] {
  const list = text.split(',')
  const unknown = list.find((name) => !known.includes(name as T))
  if (unknown !== undefined) throw new Error(`unknown: ${unknown}\n${USAGE}`)
  return list as T[]
}
