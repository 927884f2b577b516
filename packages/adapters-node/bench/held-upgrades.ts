import { parseArgs } from 'node:util'
import type { Memory } from './held/memory.ts'
import { machine } from './machine.ts'
import { type Part, start } from './process.ts'
import { median } from './statistics.ts'
import { table } from './table.ts'

// What a held upgrade costs in memory: streams are opened through each proxy, proved to carry bytes, and left alone. Each
// measurement has a new process, and each round measures every proxy. `BENCH_SHORT=1` only proves that it runs.

const PROXIES = {
  'http-proxy': 'http-proxy',
  sockets: 'two sockets and pipes, no HTTP',
  forward: 'forward()',
} as const
type ProxyName = keyof typeof PROXIES

const MOST = 0.5
/** Opened and closed before the first reading, so that code and caches are there. */
const WARM_UP = 200

const isShort = process.env.BENCH_SHORT === '1'
const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    held: { type: 'string', default: isShort ? '200' : '5000' },
    rounds: { type: 'string', default: isShort ? '1' : '3' },
  },
})
const held = Number(options.held)
const parts = new Set<Part>()

process.once('SIGINT', () => {
  for (const part of parts) part.kill()
  process.exit(130)
})

try {
  await bench()
} catch (error) {
  process.exitCode = 1
  console.error(`FAILED: ${error instanceof Error ? error.message : error}`)
} finally {
  await Promise.all([...parts].map((part) => part.stop()))
}

async function bench(): Promise<void> {
  console.log(`${machine()}\n${options.rounds} rounds of ${held} held upgrades for each proxy`)
  const peers = open('held/peers.ts', 1)
  const podPort = await peers.ask<number>('listen')
  const names = Object.keys(PROXIES) as ProxyName[]
  const rounds: Record<ProxyName, Memory>[] = []
  for (let round = 0; round < Number(options.rounds); round++) {
    const measured: Partial<Record<ProxyName, Memory>> = {}
    for (const name of names) measured[name] = await measure(peers, podPort, name)
    rounds.push(measured as Record<ProxyName, Memory>)
  }
  console.log(`\n## Bytes for each held upgrade\n\n${figures(rounds, names)}`)
  const ratio = (figure: keyof Memory) =>
    median(rounds.map((round) => round.forward[figure] / round['http-proxy'][figure]))
  const line = (title: string, figure: keyof Memory) => {
    const reached = ratio(figure)
    return [reached <= MOST ? '✓' : '✗ MISSED', title, `at most ${MOST}`, reached.toFixed(2)]
  }
  const rows = [line('resident', 'resident'), line('live objects', 'live')]
  const result = table(['', 'forward() against http-proxy', 'target', 'reached'], rows)
  console.log(`\n${isShort ? 'A short run: it shows no more than that the benchmark runs.' : result}`)
}

async function measure(peers: Part, podPort: number, name: ProxyName): Promise<Memory> {
  const proxy = open(`held/${name}.ts`, 0)
  const port = await proxy.ask<number>('listen', podPort)
  await peers.ask('open', { port, count: WARM_UP })
  await peers.ask('close')
  const before = await proxy.ask<Memory>('memory')
  await peers.ask('open', { port, count: held })
  const after = await proxy.ask<Memory>('memory')
  await peers.ask('close')
  await proxy.stop()
  parts.delete(proxy)
  return {
    residentAtOnce: (after.residentAtOnce - before.resident) / held,
    resident: (after.resident - before.resident) / held,
    live: (after.live - before.live) / held,
  }
}

function figures(rounds: readonly Record<ProxyName, Memory>[], names: readonly ProxyName[]): string {
  const rows = names.map((name) => {
    const of = (figure: keyof Memory) => range(rounds.map((round) => round[name][figure]))
    return [PROXIES[name], of('resident'), of('live'), of('residentAtOnce')]
  })
  const columns = ['median [min..max]', 'resident', 'live objects', 'resident, with the room for new objects']
  return table(columns, rows)
}

function range(values: readonly number[]): string {
  return `${median(values).toFixed(0)} [${Math.min(...values).toFixed(0)}..${Math.max(...values).toFixed(0)}]`
}

function open(file: string, core: 0 | 1): Part {
  const part = start(file, core)
  parts.add(part)
  return part
}
