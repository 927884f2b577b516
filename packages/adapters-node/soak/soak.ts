import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fakeRandom } from '@limpet/core/testing'
import { Part } from '../bench/process.ts'
import type { SoakState } from './gateway.ts'
import { operations } from './operations.ts'
import { Traffic } from './traffic.ts'
import { type Sample, verdictOf } from './verdict.ts'

// Mixed traffic for minutes through a gateway whose table is full, while pods are killed and started again; says what the
// gateway holds on to. `--minutes 10`, `--clients 32`, `--entries 100000`, `--seed 1`. Ends with 1 if something is wrong.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '32' },
    entries: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
})
const [minutes, clients, entries, seed] = [values.minutes, values.clients, values.entries, values.seed].map(
  Number,
) as [number, number, number, number]
if (!(minutes > 0 && minutes <= 1_440 && clients >= 1 && entries >= 1 && Number.isInteger(seed))) {
  console.error('expected --minutes above 0 up to 1440, and --clients, --entries and --seed as whole numbers')
  process.exit(2)
}

const PODS = 3
const PROGRESS_MS = 10_000
const KILL_MS = 15_000
const DOWN_MS = 2_000
/** After a pod is back, its old connections are still being found dead. */
const TROUBLED_MS = 5_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pods = await Promise.all(Array.from({ length: PODS }, () => startPod(0)))
const gateway = start('gateway.ts')
const port = await gateway.ask<number>('listen', { pods: pods.map((pod) => pod.port), entries })
const state = () => gateway.ask<SoakState>('state')

const random = fakeRandom(seed)
let troubledUntil = 0
const { kinds, close } = operations(port)
const traffic = new Traffic(kinds, random, () => Date.now() < troubledUntil)
const samples: Sample[] = []
const look = async (isShown: boolean) => {
  const now = { atMs: Date.now(), state: await state() }
  samples.push(now)
  if (isShown) show(now)
}

await look(true)
const startedAt = Date.now()
const endsAt = startedAt + minutes * 60_000
traffic.start(clients)
let nextKill = startedAt + Math.min(KILL_MS, (minutes * 60_000) / 3)
while (Date.now() < endsAt) {
  await sleep(Math.min(PROGRESS_MS, Math.max(0, Math.min(endsAt, nextKill) - Date.now())))
  if (Date.now() >= nextKill) {
    nextKill = Date.now() + KILL_MS
    await restartOne()
  } else await look(true)
}
await traffic.stop()
close()
await calmDown()
await look(true)

const verdict = verdictOf(samples, traffic.unexpected)
console.log('\noutcomes:')
for (const [outcome, count] of [...traffic.outcomes].sort()) console.log(`  ${count} × ${outcome}`)
console.log(
  `\nresident set: ${verdict.rssFirst.toFixed(1)} MiB after warm-up, ${verdict.rssLast.toFixed(1)} MiB at the end, ` +
    `${verdict.rssSlope.toFixed(3)} MiB a minute; ${traffic.requests} operations`,
)
for (const fault of verdict.faults) console.log(`FAULT: ${fault}`)
console.log(verdict.faults.length === 0 ? 'passed' : 'failed')
await Promise.all([gateway.stop(), ...pods.map(({ part }) => part.stop())])
process.exitCode = verdict.faults.length === 0 ? 0 : 1

interface Pod {
  part: Part
  port: number
}

async function startPod(wanted: number): Promise<Pod> {
  const part = start('pod.ts')
  return { part, port: await part.ask<number>('listen', wanted) }
}

/** Kills a pod without a word and starts it again on its port. */
async function restartOne(): Promise<void> {
  const pod = pods[Math.floor(random() * PODS)] as Pod
  troubledUntil = Number.POSITIVE_INFINITY
  pod.part.kill()
  await sleep(DOWN_MS)
  Object.assign(pod, await startPod(pod.port))
  troubledUntil = Date.now() + TROUBLED_MS
}

/** Waits until the connections that were kept are ended: the clients' by their agents, the pods' by forward(). */
async function calmDown(): Promise<void> {
  const first = samples[0] as Sample
  for (let tries = 0; tries < 200; tries++) {
    const { inFlight, descriptors = 0 } = await state()
    if (inFlight === 0 && descriptors <= (first.state.descriptors ?? 0)) return
    await sleep(100)
  }
}

function show({ atMs, state: now }: Sample): void {
  const seconds = Math.round((atMs - (samples[0] as Sample).atMs) / 1_000)
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  console.log(
    `${String(seconds).padStart(5)} s  rss ${mib(now.rss)}  heap ${mib(now.heapUsed)}  outside ${mib(now.external)}  descriptors ${now.descriptors}  ` +
      `handles ${now.handles}  in flight ${now.inFlight}  bindings ${now.bindings}  operations ${traffic.requests}`,
  )
}

function start(file: string): Part {
  const script = fileURLToPath(new URL(file, import.meta.url))
  const args = ['--conditions=@limpet/source', script]
  return new Part(file, spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
}
