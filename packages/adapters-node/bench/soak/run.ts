import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Part } from '../process.ts'
import type { SoakedState } from './gateway.ts'
import { type SoakOptions, soakOptions } from './options.ts'
import { Pods } from './pods.ts'
import { seededRandom, weighted } from './random.ts'
import { faults, report, type SoakSample } from './report.ts'
import { start } from './start.ts'
import { Tally } from './tally.ts'
import { TRAFFIC, type TrafficContext } from './traffic.ts'

// Soaks serve() in mixed traffic while pods are killed and its table is full, and fails if something grows or goes wrong
// without reason.

const HOT_KEYS = 500
/**
 * V8 takes up to 64 MiB for each of the spaces of its young generation and touches them little by little, for ten minutes and
 * more: resident memory grows, and nothing leaks. Of a fixed size it is touched within seconds, and what then grows is a leak.
 */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16']
const SAMPLE_EVERY_MS = 10_000
const SHORT_SAMPLE_EVERY_MS = 2_000
/** Of the gateway, short so that slow clients do not pile up. */
const IDLE_TIMEOUT_MS = 3_000
const HEAD_TIMEOUT_MS = 3_000
/** Until everything has ended: the gateway's limits, and its kept connections to pods. */
const CALM_MS = 30_000

await soak(soakOptions(process.argv.slice(2)))

async function soak(options: SoakOptions): Promise<void> {
  const pods = await Pods.start(options.pods, seededRandom(options.seed))
  const gateway = start('gateway.ts', YOUNG_GENERATION)
  try {
    const port = await gateway.ask<number>('listen', {
      pods: pods.places,
      entries: options.entries,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      headTimeoutMs: HEAD_TIMEOUT_MS,
    })
    const before = await gateway.ask<SoakedState>('state')
    const tally = new Tally()
    const samples: SoakSample[] = []
    pods.harass()
    await Promise.all([traffic(options, port, pods, tally), watch(options, gateway, tally, samples)])
    const after = await calm(gateway, before)
    const result = { options, samples, before, after, tally, kills: pods.kills }
    console.log(`\n${report(result)}`)
    const wrong = faults(result)
    console.log(wrong.length === 0 ? '\npassed' : `\nFAILED\n${wrong.join('\n')}`)
    if (wrong.length > 0) process.exitCode = 1
  } finally {
    await Promise.all([gateway.stop(), pods.stop()])
  }
}

/** Clients, each with one use of the gateway after another. */
async function traffic(options: SoakOptions, port: number, pods: Pods, tally: Tally): Promise<void> {
  const endAt = performance.now() + options.seconds * 1_000
  const agent = new Agent({ keepAlive: true })
  const answeredBy = new Map<string, { readonly pod: string; readonly at: number }>()
  let keys = 0
  const client = async (number: number) => {
    const random = seededRandom(options.seed * 1_000 + number)
    const context: TrafficContext = {
      port,
      agent,
      random,
      hotKey: () => `hot-${Math.floor(random() * HOT_KEYS)}`,
      newKey: () => `new-${options.seed}-${keys++}`,
      seen(key, pod) {
        const last = answeredBy.get(key)
        answeredBy.set(key, { pod, at: performance.now() })
        if (last === undefined || last.pod === pod || pods.wasKilledSince(last.pod, last.at)) return undefined
        return 'a key strayed to another pod'
      },
    }
    while (performance.now() < endAt) {
      const { name, run } = weighted(TRAFFIC, random)
      const beganAt = performance.now()
      const error = await run(context).catch((failure: unknown) => textOf(failure))
      tally.add(name, error, error !== undefined && pods.mayHaveBroken(beganAt, performance.now()))
    }
  }
  await Promise.all(Array.from({ length: options.clients }, (_, number) => client(number)))
  agent.destroy()
}

async function watch(
  { seconds }: SoakOptions,
  gateway: Part,
  tally: Tally,
  samples: SoakSample[],
): Promise<void> {
  const every = seconds >= 60 ? SAMPLE_EVERY_MS : SHORT_SAMPLE_EVERY_MS
  const startedAt = performance.now()
  for (let next = every; next <= seconds * 1_000; next += every) {
    await pause(Math.max(0, startedAt + next - performance.now()))
    const state = await gateway.ask<SoakedState>('state')
    const at = (performance.now() - startedAt) / 1_000
    samples.push({ at, state })
    const mib = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`
    console.log(
      `${at.toFixed(0).padStart(5)} s  ${tally.requests} requests  RSS ${mib(state.rss)}  heap ${mib(state.heapUsed)}  ` +
        `descriptors ${state.descriptors}  in flight ${state.inFlight}  moved ${state.moves}  ` +
        `errors ${tally.unexpected} (and ${tally.expected} of killed pods)`,
    )
  }
}

/** The state once everything has ended, or after a while. */
async function calm(gateway: Part, before: SoakedState): Promise<SoakedState> {
  const until = performance.now() + CALM_MS
  for (;;) {
    const state = await gateway.ask<SoakedState>('state')
    const isCalm = state.inFlight === 0 && state.descriptors === before.descriptors
    if (isCalm || performance.now() > until) return state
    await pause(200)
  }
}

function textOf(failure: unknown): string {
  const { code, message } = failure as NodeJS.ErrnoException
  return code ?? message
}
