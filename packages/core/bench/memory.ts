/**
 * Memory for each binding, and pauses while a table fills, each case in a process of its own: resident memory after a
 * collection of garbage, the longest single operation (garbage collection within it included), and the longest of those
 * collections. `memory.ts <case> <count>` measures one.
 */
import { spawnSync } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { LRUCache } from 'lru-cache'
import { memoryTable } from '../src/table/memory.ts'
import { isShort } from './support/interleaved.ts'

const IDLE_TIMEOUT_MS = 10_800_000

type Bind = (key: string) => unknown

const CASES: Readonly<Record<string, (count: number) => Bind>> = {
  memoryTable: (count) => {
    const table = memoryTable({ maxEntries: count })
    return (key) => table.claim(key, 'pod-1')
  },
  'memoryTable, exact keys': (count) => {
    const table = memoryTable({ maxEntries: count, keys: 'exact' })
    return (key) => table.claim(key, 'pod-1')
  },
  'lru-cache, ttl': (count) => {
    const cache = new LRUCache<string, { identity: string }>({ max: count, ttl: IDLE_TIMEOUT_MS })
    return (key) => cache.set(key, { identity: 'pod-1' })
  },
  'Map of objects': () => {
    const map = new Map<string, { identity: string; expiresAt: number }>()
    return (key) => map.set(key, { identity: 'pod-1', expiresAt: Date.now() + IDLE_TIMEOUT_MS })
  },
}

/** Keys as long as a UUID, all different, each a new string cut from bytes. */
function keyMaker(): () => string {
  const bytes = Buffer.from('00000000-0000-4000-8000-000000000000', 'latin1')
  let next = 0
  return () => {
    const mixed = Math.imul(next, 0x9e3779b1) >>> 0
    bytes.write(mixed.toString(16).padStart(8, '0'), 0, 'latin1')
    bytes.write((next++).toString(16).padStart(8, '0'), 24, 'latin1')
    return bytes.toString('latin1')
  }
}

async function measure(name: string, count: number): Promise<void> {
  const bind = (CASES[name] as (typeof CASES)[string])(count)
  const nextKey = keyMaker()
  const warm = (CASES[name] as (typeof CASES)[string])(1_000)
  const warmKey = keyMaker()
  for (let i = 0; i < 100_000; i++) warm(warmKey())
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let longestGcMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  let longest = 0n
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) {
    const key = nextKey()
    const at = process.hrtime.bigint()
    bind(key)
    const took = process.hrtime.bigint() - at
    if (took > longest) longest = took
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  await new Promise((resolve) => setTimeout(resolve, 10))
  observer.disconnect()
  globalThis.gc?.()
  const bytes = (process.memoryUsage.rss() - before) / count
  const figures = [
    `${bytes.toFixed(0).padStart(6)} bytes`,
    `${(Number(longest) / 1e6).toFixed(1).padStart(8)} ms`,
    `${longestGcMs.toFixed(1).padStart(8)} ms`,
    `${seconds.toFixed(1).padStart(6)} s`,
  ]
  console.log(`  ${name.padEnd(26)} ${count.toLocaleString('en').padStart(11)} ${figures.join(' ')}`)
  // What was measured must still be there.
  if (bind(nextKey()) === undefined) throw new Error('nothing was bound')
}

const [, file, name, count] = process.argv
if (name !== undefined) await measure(name, Number(count))
else {
  console.log(
    '\nfilling a table: memory for each binding, longest single operation, longest collection of garbage, time',
  )
  const counts = isShort ? [20_000] : [1_000_000, 10_000_000]
  for (const size of counts) {
    for (const each of Object.keys(CASES)) {
      const args = ['--expose-gc', '--max-old-space-size=8192', '--conditions=@limpet/source', file as string]
      const { status } = spawnSync(process.execPath, [...args, each, String(size)], { stdio: 'inherit' })
      if (status !== 0) process.exitCode = 1
    }
  }
}
