import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { redisServer } from '../../core/test/support/redis/server.ts'
import { machine } from './machine.ts'
import { GATEWAYS, type GatewayName, type Generation, measureGeneration, NAMES } from './near/generation.ts'
import { type Part, start } from './process.ts'
import { median, quantile } from './statistics.ts'
import { table } from './table.ts'

// CPU time of a small request through forward(), over a table in memory, and over a near cache of a table on Redis that knows every
// key and is told of changes. Two processes of equal code differ by some per cent, by what V8 made of it: so each table has several
// processes, one after the other, and a second process over memory shows how far equal ones are apart. `BENCH_SHORT=1` only
// proves that it runs.

const MOST = 1.05

const isShort = process.env.BENCH_SHORT === '1'
const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    processes: { type: 'string', default: isShort ? '1' : '5' },
    rounds: { type: 'string', default: isShort ? '1' : '10' },
    seconds: { type: 'string', default: isShort ? '0.3' : '0.8' },
    profile: { type: 'string' },
  },
})
const options = {
  clients: 64,
  keys: isShort ? 100 : 10_000,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  settleSeconds: isShort ? 0.1 : 0.3,
  warmUpSeconds: isShort ? 0.3 : 3,
}
const parts = new Set<Part>()

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    for (const part of parts) part.kill()
    process.exit(code)
  })
}

if (spawnSync('redis-server', ['--version']).error) {
  console.log('skipped: a near cache of a table on Redis needs redis-server: apt-get install redis-server')
} else {
  try {
    await bench()
  } catch (error) {
    process.exitCode = 1
    console.error(`FAILED: ${error instanceof Error ? error.message : error}`)
  } finally {
    await Promise.all([...parts].map((part) => part.stop()))
  }
}

async function bench(): Promise<void> {
  const { processes, rounds, seconds } = values
  console.log(
    `${machine()}\n${processes} processes over each table, ${rounds} rounds of ${seconds} s for each`,
  )
  await using redis = await redisServer()
  const stage = { load: open('load.ts'), backends: open('backend.ts') }
  const backends = await stage.backends.ask<number[]>('listen')
  const generations: Generation[] = []
  for (let number = 0; number < Number(processes); number++) {
    const target = { backends, redisUrl: redis.url }
    generations.push(await measureGeneration(stage, gateway, target, number, options))
    await redis.cli('FLUSHALL')
  }
  console.log(`\n## forward() with a warm near cache\n\n${report(generations)}`)
}

function report(generations: readonly Generation[]): string {
  // Against both processes over memory: neither is more than a sample of what V8 makes of the same code.
  const ratios = (name: GatewayName) =>
    generations.flatMap(({ cpu }) =>
      cpu[name].map((each, round) => (2 * each) / ((cpu.memory[round] ?? 0) + (cpu.again[round] ?? 0))),
    )
  const rows = NAMES.map((name) => {
    const cpu = generations.flatMap((each) => each.cpu[name])
    const against = ratios(name)
    const range = `[${quantile(against, 0.25).toFixed(3)}..${quantile(against, 0.75).toFixed(3)}]`
    return [GATEWAYS[name], median(cpu).toFixed(1), `**${median(against).toFixed(3)}** ${range}`]
  })
  const asked = median(generations.map((each) => each.asked))
  const reached = median(ratios('near'))
  const verdict = reached <= MOST ? '✓' : '✗ MISSED'
  return [
    table(['forward() over a', 'CPU us/req', 'to the mean of both over memory, per round [quartiles]'], rows),
    `Questions to Redis for each request: ${asked.toFixed(4)}`,
    isShort
      ? 'A short run: it shows no more than that the benchmark runs.'
      : `${verdict} at most ${MOST} of the CPU time over a table in memory: ${reached.toFixed(3)}`,
  ].join('\n\n')
}

function gateway(name: GatewayName): Part {
  const { profile } = values
  const flags = ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`]
  return open('near/gateway.ts', 0, profile === undefined ? [] : flags)
}

function open(file: string, core: 0 | 1 = 1, flags: readonly string[] = []): Part {
  const part = start(file, core, flags)
  parts.add(part)
  return part
}
