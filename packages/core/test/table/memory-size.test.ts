import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { type MemoryTableOptions, memoryTable } from '../../src/table/memory.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const KEYS = 300_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of V8's heap that are in use after a collection. */
function heapUsed(): number {
  collectGarbage()
  return getHeapStatistics().used_heap_size
}

describe('a memory table of 300 000 keys', () => {
  it.each<[string, MemoryTableOptions]>([
    ['fingerprints', {}],
    [
      'exact keys, an absolute timeout, addresses',
      { keys: 'exact', absoluteTimeoutMs: 1e9, maxBindingsPerAddress: 1e6 },
    ],
  ])('finds them all and has no object for any: %s', { timeout: 30_000 }, (_name, options) => {
    const table = memoryTable(options)
    const empty = heapUsed()
    for (let index = 0; index < KEYS; index++) {
      table.claim(
        `session-${index}`,
        `web-${index % 7}`,
        `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      )
    }
    expect(table.size).toBe(KEYS)
    // The smallest object per key would take 16 bytes and be 4.8 MB here; segments' own objects take little.
    expect(heapUsed() - empty).toBeLessThan(2_000_000)
    let wrong = 0
    for (let index = 0; index < KEYS; index++) {
      if (table.lookup(`session-${index}`)?.identity !== `web-${index % 7}`) wrong++
      if (table.lookup(`other-${index}`) !== undefined) wrong++
    }
    expect(wrong).toBe(0)
    const counts = table.counts()
    expect(counts.size).toBe(7)
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(KEYS)
    for (const [identity, count] of counts) expect(table.countByEndpoint(identity)).toBe(count)
    for (let index = 0; index < KEYS; index += 2) table.release(`session-${index}`)
    expect(table.size).toBe(KEYS / 2)
    for (let index = 0; index < KEYS; index++) {
      if ((table.lookup(`session-${index}`) === undefined) !== (index % 2 === 0)) wrong++
    }
    expect(wrong).toBe(0)
  })
})

describe('a memory table whose keys come and go', () => {
  it.each<[string, MemoryTableOptions]>([
    ['fingerprints', {}],
    ['exact keys', { keys: 'exact' }],
    ['an absolute timeout and addresses', { absoluteTimeoutMs: 1e9, maxBindingsPerAddress: 1e6 }],
  ])('takes no more memory for it: %s', (_name, options) => {
    const table = memoryTable({ ...options, maxEntries: 100 })
    const churn = (from: number) => {
      for (let index = from; index < from + 100_000; index++) {
        table.claim(
          `session-${index}`,
          `web-${index % 7}-${index >> 10}`,
          `10.0.${(index >> 8) & 255}.${index & 255}`,
        )
        if (index % 2 === 0) table.release(`session-${index}`)
      }
    }
    churn(0)
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    churn(100_000)
    expect(table.size).toBe(100)
    collectGarbage()
    // Keys alone that were not given back would take 2.4 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })
})
