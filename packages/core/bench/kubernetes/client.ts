// One reader of a Service's EndpointSlices, in a process of its own: `limpet` or `client-node`. Told by its parent where the
// server is and what to measure; answers with what it used.
import { existsSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** What the parent asks for. */
export interface ClientTask {
  readonly url: string
  readonly ca: string
  readonly token: string
  readonly slices: number
  /** `cost`: nothing but the reader runs. `delay`: arrivals are noted, and the longest turn of the event loop. */
  readonly measure: 'cost' | 'delay'
}

/** What it gets. */
export interface ClientReport {
  /** CPU time in ms: of all, and of the updates alone. */
  readonly cpuMs: { readonly total: number; readonly updates: number }
  /** Growth of the resident set in MB, from before the reader was imported. */
  readonly rssMb: { readonly filled: number; readonly end: number }
  /** When each update was known, by the wall clock. */
  readonly arrivals: readonly (readonly [number, number])[]
  /** The longest turn: by the wall clock, and by the CPU time of the thread, in which waiting for a core does not count. */
  readonly stallMs: { readonly wall: number; readonly cpu: number }
}

type Known = (slice: number, address: string) => void
type Reader = (task: ClientTask, filled: () => void, known: Known | undefined) => Promise<void>

/** As users have it, where it was built (`pnpm run build`): taking types out of sources costs memory and time of its own. */
function loadLimpet(): Promise<typeof import('../../src/discovery/kubernetes/index.ts')> {
  const built = new URL('../../dist/discovery/kubernetes/index.js', import.meta.url)
  return existsSync(built) ? import(built.href) : import('../../src/discovery/kubernetes/index.ts')
}

const limpet: Reader = async ({ url, ca, token, slices }, filled, known) => {
  const { clusterApi, kubernetes } = await loadLimpet()
  const discovery = kubernetes({
    service: 'web',
    namespace: 'default',
    api: clusterApi({ server: url, ca, token }),
  })
  let isFilled = false
  await discovery.watch((set) => {
    if (!isFilled) filled()
    isFilled = true
    if (!known) return
    for (let slice = 0; slice < slices; slice++) known(slice, set.get(`web-${slice}-0`)?.host ?? '')
  }, new AbortController().signal)
}

const clientNode: Reader = async ({ url, ca, token, slices }, filled, known) => {
  const { DiscoveryV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'fake', server: url, caData: Buffer.from(ca).toString('base64'), skipTLSVerify: false },
    { name: 'me', token },
  )
  const api = config.makeApiClient(DiscoveryV1Api)
  const labelSelector = 'kubernetes.io/service-name=web'
  const list = () => api.listNamespacedEndpointSlice({ namespace: 'default', labelSelector })
  const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
  const informer = makeInformer(config, path, list, labelSelector)
  let added = 0
  informer.on('add', () => {
    if (++added === slices) filled()
  })
  informer.on('update', ({ metadata, endpoints }) => {
    known?.(Number(metadata?.name?.split('-')[1]), endpoints?.[0]?.addresses[0] ?? '')
  })
  await informer.start()
  await new Promise(() => undefined)
}

/** Watches the turns of the event loop. A turn is seen from one tick to the next. */
function watchTurns(): { readonly wall: number; readonly cpu: number } {
  const longest = { wall: 0, cpu: 0 }
  const cpuNow = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  }
  let [wall, cpu] = [performance.now(), cpuNow()]
  setInterval(() => {
    const [wallThen, cpuThen] = [wall, cpu]
    ;[wall, cpu] = [performance.now(), cpuNow()]
    longest.wall = Math.max(longest.wall, wall - wallThen)
    longest.cpu = Math.max(longest.cpu, cpu - cpuThen)
  }, 1)
  return longest
}

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}
const rssMb = (): number => process.memoryUsage.rss() / 2 ** 20

function run(task: ClientTask): void {
  const [start, rssBefore] = [process.cpuUsage(), rssMb()]
  const arrivals: [number, number][] = []
  const last = new Map<number, string>()
  const known: Known = (slice, address) => {
    if (last.get(slice) === address) return
    last.set(slice, address)
    // 11.a.b.c is update number a.b.c.
    const [first, ...digits] = address.split('.').map(Number)
    if (first !== 11) return
    arrivals.push([
      digits.reduce((sum, digit) => sum * 256 + digit, 0),
      performance.timeOrigin + performance.now(),
    ])
  }
  let longest = { wall: 0, cpu: 0 }
  let filledCpu = start
  let rssFilled = 0
  const filled = () => {
    // In another turn: what the list cost belongs to it.
    setTimeout(() => {
      if (task.measure === 'delay') longest = watchTurns()
      filledCpu = process.cpuUsage()
      rssFilled = rssMb() - rssBefore
      process.send?.('filled')
    }, 200)
  }
  process.on('message', (word) => {
    if (word !== 'end') return
    const report: ClientReport = {
      cpuMs: { total: cpuMs(start), updates: cpuMs(filledCpu) },
      rssMb: { filled: rssFilled, end: rssMb() - rssBefore },
      arrivals,
      stallMs: longest,
    }
    process.send?.(report, () => process.exit(0))
  })
  const reader = process.argv[2] === 'limpet' ? limpet : clientNode
  reader(task, filled, task.measure === 'delay' ? known : undefined).catch((error) => {
    console.error(error)
    process.exit(1)
  })
}

process.once('message', (task) => run(task as ClientTask))
process.on('disconnect', () => process.exit(1))
