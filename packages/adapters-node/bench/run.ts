import { machine } from './machine.ts'
import { type BenchOptions, benchOptions, PROXIES, type ProxyName } from './options.ts'
import { type Part, start } from './process.ts'
import { NO_INLINING, profileLayers } from './profile.ts'
import { coreTarget, profileReport } from './profile-report.ts'
import type { Ports } from './proxies/listening.ts'
import type { WorkloadResult } from './ratios.ts'
import { decisionReport, workloadReport } from './report.ts'
import { measure, type Round, type Stage, type Subject } from './round.ts'
import { targetTable } from './targets.ts'
import { BACKENDS, WORKLOADS, type WorkloadName } from './workload.ts'

// forward() beside its peers. Every proxy is a process of its own on the same core and has its turn in every round, so
// that what the machine does meanwhile meets all of them; only ratios within a round say something. Options: options.ts.

const parts: Part[] = []

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    for (const part of parts) part.kill()
    process.exit(code)
  })
}

try {
  await bench(benchOptions(process.argv.slice(2), process.env))
} catch (error) {
  process.exitCode = 1
  console.error(`FAILED: ${error instanceof Error ? error.message : error}`)
} finally {
  await Promise.all(parts.map((part) => part.stop()))
}

async function bench(options: BenchOptions): Promise<void> {
  console.log(`${machine()}\n${plan(options)}`)
  const stage = { load: open('load.ts', 1), backends: open('backend.ts', 1) }
  const ports = await stage.backends.ask<number[]>('listen')
  const direct: Subject = { name: 'direct', part: stage.backends, ports: { plain: ports[0] as number } }
  const flags = options.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileDir}`]
  const proxies = await Promise.all(
    options.proxies.map(async (name): Promise<Subject<ProxyName>> => {
      const part = open(PROXIES[name].file, 0, flags)
      return { name, part, ports: await part.ask<Ports>('listen', ports) }
    }),
  )
  const results: WorkloadResult[] = []
  for (const workload of options.workloads) {
    const result = await runWorkload(stage, direct, proxies, workload, options)
    results.push(result)
    console.log(`\n${workloadReport(result)}`)
  }
  const used = options.proxies.filter((name) => results.some(({ rounds }) => rounds.has(name)))
  await checkSpread(stage, used)
  const ours = proxies.find(({ name }) => name === 'forward')
  if (ours && results.length > 0)
    console.log(`\n${decisionReport(await ours.part.ask<number>('decision'), results)}`)
  const targets = [targetTable(results)]
  if (options.profiles) {
    const profile = (more?: readonly string[]) =>
      profileLayers(stage, open(PROXIES.forward.file, 0, more), ports, options)
    const profiles = [await profile(), await profile(NO_INLINING)] as const
    console.log(`\n${profileReport(...profiles)}`)
    targets.push(coreTarget(...profiles))
  }
  const reached = targets.filter((text) => text !== '').join('\n\n') || 'No peer of a target ran.'
  const short = 'A short run: it shows no more than that the benchmark runs.'
  console.log(`\n## Targets\n\n${options.isShort ? short : reached}`)
}

function open(file: string, core: 0 | 1, flags?: readonly string[]): Part {
  const part = start(file, core, flags)
  parts.push(part)
  return part
}

async function runWorkload(
  stage: Stage,
  direct: Subject,
  all: readonly Subject<ProxyName>[],
  workload: WorkloadName,
  options: BenchOptions,
): Promise<WorkloadResult> {
  const { warmUpSeconds, rounds } = options
  const warmUp = { ...options, seconds: warmUpSeconds }
  const { transport } = WORKLOADS[workload]
  const proxies = all.filter(({ ports }) => ports[transport] !== undefined)
  const withoutProxy = direct.ports[transport] && (await measure(stage, direct, workload, options))
  if (warmUpSeconds > 0) for (const proxy of proxies) await measure(stage, proxy, workload, warmUp)
  const measured = new Map<ProxyName, Round[]>(proxies.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const proxy of proxies) {
      measured.get(proxy.name)?.push(await measure(stage, proxy, workload, options))
    }
  }
  return { workload, rounds: measured, direct: withoutProxy || undefined }
}

/** A proxy that sends everything to one backend sticks too, but does not do the work. */
async function checkSpread({ load }: Stage, proxies: readonly ProxyName[]): Promise<void> {
  for (const proxy of proxies) {
    const used = await load.ask<number>('used', proxy)
    if (used !== BACKENDS.length)
      throw new Error(`${PROXIES[proxy].title} used ${used} of ${BACKENDS.length} backends`)
  }
}

function plan({ rounds, seconds, clients, keys }: BenchOptions): string {
  return `${rounds} rounds of ${seconds} s for each proxy, ${clients} requests under way at once, ${keys} keys`
}
