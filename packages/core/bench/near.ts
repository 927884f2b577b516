/**
 * What a near cache costs and saves: route() and done() of a bound key with a warm near cache beside the same with a memory table,
 * and how many questions reach the shared table in steady state. The goals: at most 1.5 times, and 0.05 for each request.
 */
import type { Clock } from '../src/clock.ts'
import { header } from '../src/key/header.ts'
import { isPromise } from '../src/maybe-promise.ts'
import { createSticky, type Sticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import type { Invalidations } from '../src/table/near/invalidations.ts'
import { nearCache } from '../src/table/near/near-cache.ts'
import type { Binding, StickyTable } from '../src/table/sticky-table.ts'
import { interleaved, isShort } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

const ENDPOINTS = ['http://10.0.0.1:80', 'http://10.0.0.2:80', 'http://10.0.0.3:80']
const IDLE_TIMEOUT_MS = 3_600_000
const STORED_LIFE_MS = 1.25 * IDLE_TIMEOUT_MS

const rawHeaders = ['host', 'example.test', 'user-agent', 'bench', 'accept', '*/*', 'x-session', '']
const headers: Record<string, string> = { host: 'example.test', 'user-agent': 'bench', accept: '*/*' }
const request = { headers, rawHeaders, url: '/', method: 'GET' }

function requestOf(key: string): typeof request {
  headers['x-session'] = key
  rawHeaders[7] = key
  return request
}

/** A table that answers later, and keeps a binding for 1.25 times its idle timeout, as one that is reached over a network. */
class RemoteTable implements StickyTable {
  readonly idleTimeoutMs = IDLE_TIMEOUT_MS
  readonly absoluteTimeoutMs = Number.POSITIVE_INFINITY
  readonly #now: () => number
  readonly #bindings = new Map<string, Binding>()
  /** Told when a use is written. */
  written: (key: string) => void = () => undefined
  calls = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async lookup(key: string): Promise<Binding | undefined> {
    this.calls++
    const binding = this.#bindings.get(key)
    const now = this.#now()
    if (!binding || binding.expiresAt - now >= IDLE_TIMEOUT_MS) return binding
    const used = { ...binding, expiresAt: now + STORED_LIFE_MS }
    this.#bindings.set(key, used)
    this.written(key)
    return used
  }

  async claim(key: string, candidate: string): Promise<{ binding: Binding; created: boolean }> {
    this.calls++
    // As a client reads it: a text of its own out of each answer.
    const identity = Buffer.from(candidate).toString('latin1')
    const standing = this.#bindings.get(key)
    if (standing) return { binding: standing, created: false }
    const now = this.#now()
    const version = `v-${this.#bindings.size}`
    const binding = { identity, version, createdAt: now, expiresAt: now + STORED_LIFE_MS }
    this.#bindings.set(key, binding)
    return { binding, created: true }
  }

  async move(): Promise<never> {
    throw new Error('nothing moves here')
  }

  async touch(): Promise<void> {
    this.calls++
  }

  async release(): Promise<boolean> {
    return false
  }
}

let stuck = 0

function routeAndDone(sticky: Sticky, key: string): void {
  const route = sticky.route(requestOf(key))
  if (isPromise(route)) throw new Error('not answered at once')
  if (route.kind === 'stuck') stuck++
  route.done()
}

async function bind(sticky: Sticky, keys: WireKeys): Promise<void> {
  for (let index = 0; index < keys.count; index++) {
    const route = await sticky.route(requestOf(keys.at(index)))
    route.done()
  }
}

const told: Invalidations = {
  watch(listener) {
    listener.restored()
    return () => undefined
  },
}

for (const [temperature, count] of [
  ['hot', 1_024],
  ['cold', isShort ? 8_192 : 131_072],
] as const) {
  const keys = new WireKeys(count)
  const ofMemory = createSticky({ key: header('x-session'), endpoints: ENDPOINTS, table: memoryTable() })
  const near = nearCache(new RemoteTable(Date.now), {
    maxEntries: count,
    invalidations: told,
    maxWatchedAgeMs: Number.POSITIVE_INFINITY,
  })
  const ofNear = createSticky({ key: header('x-session'), endpoints: ENDPOINTS, table: near })
  await bind(ofMemory, keys)
  await bind(ofNear, keys)
  const before = stuck
  interleaved(`bound key, ${temperature} (${count} keys)`, [
    {
      name: 'route and done, memory table',
      run(operations) {
        for (let i = 0; i < operations; i++) routeAndDone(ofMemory, keys.next())
      },
    },
    {
      name: 'route and done, near cache that is warm',
      run(operations) {
        for (let i = 0; i < operations; i++) routeAndDone(ofNear, keys.next())
      },
    },
    {
      name: '(the cut of the key alone)',
      run(operations) {
        for (let i = 0; i < operations; i++) if (!keys.next()) throw new Error('no key')
      },
    },
  ])
  if (stuck === before || near.stats().hits === 0) throw new Error('not every route was stuck')
  await ofMemory.close()
  await ofNear.close()
  await near.close()
}

/** Hours of a pool of two replicas, in time of its own: each key is used now and then, by one replica or the other. */
async function steadyState(gapMs: number, isTold: boolean): Promise<number> {
  let now = Date.now()
  const clock: Clock = { now: () => now, after: () => () => undefined }
  const table = new RemoteTable(clock.now)
  const tell: ((key: string) => void)[] = []
  const replica = () => {
    const source: Invalidations = {
      watch(listener) {
        listener.restored()
        tell.push((key) => listener.changed(key))
        return () => undefined
      },
    }
    const near = nearCache(table, isTold ? { clock, invalidations: source } : { clock })
    return createSticky({ key: header('x-session'), endpoints: ENDPOINTS, table: near, clock })
  }
  const replicas = [replica(), replica()]
  table.written = (key) => {
    for (const changed of tell) changed(key)
  }
  const keys = new WireKeys(isShort ? 16 : 128)
  for (const sticky of replicas) await bind(sticky, keys)
  const before = table.calls
  let requests = 0
  let round = 0
  for (const until = now + (isShort ? 1 : 10) * IDLE_TIMEOUT_MS; now < until; now += gapMs, round++) {
    for (let index = 0; index < keys.count; index++) {
      const route = await (replicas[(round + requests++) % 2] as Sticky).route(requestOf(keys.at(index)))
      route.done()
    }
  }
  for (const sticky of replicas) await sticky.close()
  return (table.calls - before) / requests
}

console.log('\nquestions to the shared table for each request, 2 replicas, 10 idle timeouts')
for (const [title, gapMs, isTold] of [
  ['each key every 500 ms, changes told', 500, true],
  ['each key every 2 s, changes told', 2_000, true],
  ['each key every 500 ms, changes not told', 500, false],
] as const) {
  const each = await steadyState(gapMs * (isShort ? 100 : 1), isTold)
  console.log(`  ${title.padEnd(42)} ${each.toFixed(4)}`)
}
