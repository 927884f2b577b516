/**
 * `kubernetes()` beside the informer of `@kubernetes/client-node`: a Service of 5 000 endpoints in 50 slices, of which 50 a
 * second change. One fake API server; each reader in a process of its own, in turn, round by round.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { endpointSlice, type FakeKubernetes, fakeKubernetes } from '../src/testing/index.ts'
import type { ClientReport, ClientTask } from './kubernetes/client.ts'
import { isShort } from './support/interleaved.ts'

const SLICES = isShort ? 2 : 50
const ENDPOINTS = 100
const UPDATES_PER_SECOND = 50
const SECONDS = isShort ? 1 : 10
const ROUNDS = isShort ? 1 : 3
const READERS = ['limpet', 'client-node'] as const

type Reader = (typeof READERS)[number]

/** Slice `index`, its first endpoint at the address that says which update this is. */
function slice(index: number, update: number) {
  const address = (place: number) =>
    place === 0 && update > 0
      ? `11.${(update >> 16) & 255}.${(update >> 8) & 255}.${update & 255}`
      : `10.${index}.${place}.1`
  return endpointSlice({
    service: 'web',
    name: `web-${index}`,
    endpoints: Array.from({ length: ENDPOINTS }, (_, place) => ({
      address: address(place),
      pod: `web-${index}-${place}`,
      node: `node-${place}`,
      zone: `zone-${'abc'[place % 3]}`,
    })),
    ports: [{ name: 'http', port: 8080 }],
  })
}

let updates = 0
const sentAt: number[] = []

/** Sends updates at an even rate for some seconds. */
async function load(server: FakeKubernetes): Promise<void> {
  const from = performance.now()
  for (let count = 0; count < SECONDS * UPDATES_PER_SECOND; count++) {
    const dueMs = from + (count * 1_000) / UPDATES_PER_SECOND - performance.now()
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs))
    const update = ++updates
    const object = slice(update % SLICES, update)
    sentAt[update] = performance.timeOrigin + performance.now()
    server.put(object)
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
}

async function measured(
  server: FakeKubernetes,
  reader: Reader,
  measure: ClientTask['measure'],
): Promise<ClientReport> {
  const file = fileURLToPath(new URL('kubernetes/client.ts', import.meta.url))
  const child: ChildProcess = fork(file, [reader], { execArgv: ['--conditions=@limpet/source'] })
  try {
    const task: ClientTask = { url: server.url, ca: server.ca, token: server.token, slices: SLICES, measure }
    child.send(task)
    await once(child, 'message')
    const before = updates
    await load(server)
    child.send('end')
    const [[report]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
    const { arrivals, ...rest } = report as ClientReport
    // Without those that were there when it began.
    return { ...rest, arrivals: arrivals.filter(([update]) => update > before) }
  } finally {
    child.kill()
  }
}

const sorted = (values: readonly number[]): number[] => values.toSorted((one, other) => one - other)
const median = (values: readonly number[]): number => sorted(values)[values.length >> 1] as number
const shown = (values: readonly number[]): string => {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(1)} [${least.toFixed(1)}..${most.toFixed(1)}]`
}

const server = await fakeKubernetes()
for (let index = 0; index < SLICES; index++) server.put(slice(index, 0))
const cost = new Map<Reader, ClientReport[]>(READERS.map((reader) => [reader, []]))
const delay = new Map<Reader, ClientReport[]>(READERS.map((reader) => [reader, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const reader of round % 2 === 0 ? READERS : READERS.toReversed()) {
    cost.get(reader)?.push(await measured(server, reader, 'cost'))
    delay.get(reader)?.push(await measured(server, reader, 'delay'))
  }
}
await server.close()

console.log(
  `${SLICES * ENDPOINTS} endpoints in ${SLICES} slices, ${UPDATES_PER_SECOND} slices a second for ${SECONDS} s, ${ROUNDS} rounds: median [least..most]`,
)
const lines: readonly (readonly [string, Map<Reader, ClientReport[]>, (report: ClientReport) => number])[] = [
  ['CPU of the updates, ms a second', cost, ({ cpuMs }) => cpuMs.updates / SECONDS],
  ['CPU of all, import and list too, ms', cost, ({ cpuMs }) => cpuMs.total],
  ['growth of RSS when listed, MB', cost, ({ rssMb }) => rssMb.filled],
  ['growth of RSS at the end, MB', cost, ({ rssMb }) => rssMb.end],
  ['longest turn while updates come, CPU ms', delay, ({ stallMs }) => stallMs.cpu],
  ['longest turn while updates come, wall ms', delay, ({ stallMs }) => stallMs.wall],
  ['put on the server until known, median ms', delay, (report) => median(delaysOf(report))],
  ['put on the server until known, p99 ms', delay, (report) => sorted(delaysOf(report)).at(-6) ?? 0],
]
for (const [title, reports, value] of lines) {
  const [own = [], peer = []] = READERS.map((reader) => (reports.get(reader) ?? []).map(value))
  const ratio = median(own.map((one, round) => one / (peer[round] as number)))
  console.log(
    `  ${title.padEnd(42)} limpet ${shown(own).padEnd(22)} client-node ${shown(peer).padEnd(24)} ${ratio.toFixed(2)}x`,
  )
}

function delaysOf({ arrivals }: ClientReport): number[] {
  return arrivals.map(([update, at]) => at - (sentAt[update] as number))
}
