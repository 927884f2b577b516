import type { Profiler } from 'node:inspector'

/** Whose work a sample of the CPU profile is, in the order in which they are told. */
export const LAYERS = {
  toPod: 'kernel: write to the pod',
  toClient: 'kernel: write to the client',
  native: 'kernel: reads and epoll; llhttp',
  sockets: 'node: sockets, streams, timers, events',
  http: 'node:http server',
  upstream: 'forward(): connections to pods, response parser (`upstream/`)',
  headers: 'forward(): heads of both ways (`headers/`)',
  exchange: 'forward(): exchange',
  key: 'core: key of the request',
  table: 'core: sticky table and its hash',
  route: 'core: route, lease, counts, availability',
  garbage: 'garbage collection',
  other: 'the benchmark’s own listener, the rest',
} as const

export type Layer = keyof typeof LAYERS

/** The part of a request that stickiness costs. */
export const CORE: readonly Layer[] = ['key', 'table', 'route']

/** Ways into the kernel that write to a socket; inlined or not, they are frames of their own. */
const WRITE = /^(write(Latin1|Utf8|Ascii|Ucs2)String|writeBuffer|writev|shutdown)$/

/** Paths of whose frames the layer is known; the first that matches. Undefined: the caller's layer. */
const PLACES: readonly (readonly [place: RegExp, layer: Layer | undefined])[] = [
  [/\/core\/src\/clock\.ts$/, undefined],
  [/\/core\/src\/key\//, 'key'],
  [/\/core\/src\/(table|hash)\//, 'table'],
  [/\/core\/src\//, 'route'],
  [/\/adapters-node\/src\/upstream\//, 'upstream'],
  [/\/adapters-node\/src\/headers\//, 'headers'],
  [/\/adapters-node\/src\//, 'exchange'],
  [/\/bench\//, 'other'],
  [/^node:_http/, 'http'],
  [/^node:(net|_stream|stream|events|timers)|^node:internal\/(stream|timers|process|async)/, 'sockets'],
]

const IS_CORE = /\/core\/src\/(?!clock\.ts$)/
const IS_ADAPTER = /\/adapters-node\/(src|bench)\//

type Frame = Profiler.ProfileNode['callFrame']

/**
 * How many samples each layer has; without those where the process was idle. A sample is its innermost frame's, and a
 * frame of no layer (built-in functions, node:buffer) is its caller's. What core calls is core's, whatever it is.
 */
export function samplesOfLayers({ nodes, samples = [] }: Profiler.Profile): Map<Layer, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const stackOf = (id: number): Frame[] => {
    const stack: Frame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at))
      stack.push((byId.get(at) as Profiler.ProfileNode).callFrame)
    return stack
  }
  const layers = new Map(nodes.map(({ id }) => [id, layerOf(stackOf(id))]))
  const counts = new Map<Layer, number>()
  for (const id of samples) {
    const layer = layers.get(id) as Layer | 'idle'
    if (layer !== 'idle') counts.set(layer, (counts.get(layer) ?? 0) + 1)
  }
  return counts
}

/** The layer of a stack, its innermost frame first. */
function layerOf(stack: readonly Frame[]): Layer | 'idle' {
  const { functionName } = stack[0] as Frame
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage'
  if (functionName === '(program)') return 'native'
  const ours = stack.find(({ url }) => IS_CORE.test(url) || IS_ADAPTER.test(url))
  if (WRITE.test(functionName)) return ours?.url.includes('/upstream/') ? 'toPod' : 'toClient'
  const frames = ours && IS_CORE.test(ours.url) ? stack.filter(({ url }) => IS_CORE.test(url)) : stack
  for (const { url } of frames) {
    const layer = PLACES.find(([place]) => place.test(url))?.[1]
    if (layer) return layer
  }
  return 'other'
}
