/**
 * What `route()` allocates: objects by kind, from two heap snapshots around held routes, and bytes in all, garbage
 * included, from the sampling profiler. Fails if a bound key costs a promise or a closure, or anything but the three
 * objects that it needs: the lease, the route and the binding that the table answers.
 */
import { Session } from 'node:inspector/promises'
import { getHeapSnapshot } from 'node:v8'
import { header } from '../src/key/header.ts'
import { isPromise } from '../src/maybe-promise.ts'
import type { Route } from '../src/route/route.ts'
import { createSticky } from '../src/sticky.ts'
import { isShort } from './support/interleaved.ts'

const ROUTES = isShort ? 2_000 : 20_000
const ENDPOINTS = ['http://10.0.0.1:80', 'http://10.0.0.2:80', 'http://10.0.0.3:80']

const sticky = createSticky({ key: header('x-session'), endpoints: ENDPOINTS })
const rawHeaders = ['host', 'example.test', 'x-session', 'a0a9a8b7-0000-4000-8000-000000000000']
const request = { headers: {}, rawHeaders, url: '/', method: 'GET' }

function routeOf(): Route {
  const route = sticky.route(request)
  if (isPromise(route)) throw new Error('not answered at once')
  return route
}

/** Objects on the heap by kind and name; without strings and code, since the census itself makes those. */
async function census(): Promise<Map<string, number>> {
  let text = ''
  for await (const piece of getHeapSnapshot()) text += piece
  const { snapshot, nodes, strings } = JSON.parse(text)
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, name] = [fields.indexOf('type'), fields.indexOf('name')]
  const counts = new Map<string, number>()
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind: string = types[type][nodes[at + type]]
    if (kind.includes('string') || kind === 'code' || kind === 'hidden' || kind === 'object shape') continue
    const label = kind === 'closure' ? 'closure' : `${kind} ${strings[nodes[at + name]]}`
    counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return counts
}

// Warm: what is compiled or made once is no part of a request.
for (let i = 0; i < 50_000; i++) routeOf().done()

const before = await census()
const held = Array.from({ length: ROUTES }, routeOf)
const after = await census()

const each = [...after]
  .map(([label, count]) => ({ label, count: (count - (before.get(label) ?? 0)) / ROUTES }))
  .filter(({ count }) => count > 0.01)
  .sort((one, other) => other.count - one.count)
console.log(`\nobjects that one route() of a bound key allocates (${ROUTES} routes held)`)
for (const { label, count } of each) console.log(`  ${label.padEnd(32)} ${count.toFixed(2)}`)
const forbidden = each.filter(({ label }) => label === 'closure' || label === 'object Promise')
if (forbidden.length > 0) throw new Error(`a bound key costs ${forbidden[0]?.label}`)
const objects = each.filter(({ label }) => label.startsWith('object '))
if (objects.some(({ count }) => count > 1.01) || objects.length > 3)
  throw new Error('more objects than needed')
for (const route of held) route.done()

const session = new Session()
session.connect()
await session.post('HeapProfiler.startSampling', {
  samplingInterval: 4_096,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
})
for (let i = 0; i < ROUTES * 20; i++) routeOf().done()
const { profile } = await session.post('HeapProfiler.stopSampling')
interface Sampled {
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly selfSize: number
  readonly children: readonly Sampled[]
}
const bytes = new Map<string, number>()
const add = ({ callFrame: { functionName, url }, selfSize, children }: Sampled): void => {
  const place = `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}`
  if (url.includes('/src/')) bytes.set(place, (bytes.get(place) ?? 0) + selfSize)
  for (const child of children) add(child)
}
add(profile.head as Sampled)
console.log('\nbytes that one route() and done() allocate, garbage included, by function')
let sum = 0
for (const [place, size] of [...bytes].sort(([, one], [, other]) => other - one)) {
  const own = size / (ROUTES * 20)
  sum += own
  if (own >= 1) console.log(`  ${place.padEnd(48)} ${own.toFixed(0).padStart(5)}`)
}
console.log(`  ${'in all'.padEnd(48)} ${sum.toFixed(0).padStart(5)}`)
await sticky.close()
