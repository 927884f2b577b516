import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryTable } from '../../src/table/memory.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { TableModel, type TableSetup, type TableStep } from '../support/table-model.ts'

const NEVER = Number.POSITIVE_INFINITY

const setup: fc.Arbitrary<TableSetup> = fc.record({
  keys: fc.constantFrom('fingerprint', 'exact'),
  whenFull: fc.constantFrom('evict', 'refuse'),
  idleTimeoutMs: fc.constantFrom(4_000, NEVER),
  absoluteTimeoutMs: fc.constantFrom(10_000, NEVER),
  maxEntries: fc.constantFrom(3, 8, 1_000),
  maxBindingsPerAddress: fc.constantFrom(1, 3, NEVER),
})

const key = fc.oneof(
  fc.nat(11).map((number) => `key-${number}`),
  fc.constantFrom('', '\u00e9', 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(300)),
)
const to = fc.constantFrom('pod-1', 'pod-2', 'pod-3')
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00:0:0:0:1::9')
const isStale = fc.boolean()

const step: fc.Arbitrary<TableStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('claim' as const), key, to, address }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('lookup', 'touch', 'release'), key, isStale }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('move' as const), key, to, address, isStale }) },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('time' as const), ms: fc.constantFrom(1, 999, 2_000, 4_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom('releaseEndpoint', 'clear', 'reload', 'reload') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('moveSlice' as const),
      examine: fc.integer({ min: 1, max: 20 }),
      move: fc.integer({ min: 1, max: 5 }),
    }),
  },
)

describe('a memory table', () => {
  it('answers as the plainest table does, whatever happens to it', async () => {
    await fc.assert(
      fc.asyncProperty(setup, fc.array(step, { maxLength: 80, size: 'max' }), async (given, steps) => {
        const model = new TableModel(given)
        for (const one of steps) {
          await model.step(one)
          await model.check()
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it.each(['fingerprint', 'exact'] as const)('loses no key while it grows to 100 000 (%s)', (keys) => {
    const table = memoryTable({ keys })
    const count = 100_000
    for (let index = 0; index < count; index++) table.claim(`key-${index}`, `pod-${index % 7}`)
    expect(table.size).toBe(count)
    let wrong = 0
    for (let index = 0; index < count; index++) {
      if (table.lookup(`key-${index}`)?.identity !== `pod-${index % 7}`) wrong++
      if (table.lookup(`other-${index}`) !== undefined) wrong++
    }
    expect(wrong).toBe(0)
    expect([...table.counts().values()].reduce((sum, own) => sum + own, 0)).toBe(count)
  })

  it('never ends another binding for a look-up, a claim, a move or a touch of a stored key', () => {
    const table = memoryTable({ maxEntries: 100 })
    for (let index = 0; index < 100; index++) table.claim(`key-${index}`, 'pod-1')
    for (let round = 0; round < 1_000; round++) {
      const own = `key-${round % 100}`
      const binding = table.lookup(own) as Binding
      table.claim(own, 'pod-2')
      table.touch(own, binding)
      table.move(own, binding, 'pod-2')
    }
    expect(table.size).toBe(100)
    for (let index = 0; index < 100; index++) expect(table.lookup(`key-${index}`)).toBeDefined()
  })

  it('meets each standing binding once in a listing, while others come, go and move', async () => {
    const table = memoryTable()
    const count = 10_000
    for (let index = 0; index < count; index++) table.claim(`stays-${index}`, 'pod-1')
    for (let index = 0; index < count; index++) table.claim(`goes-${index}`, 'pod-2')
    let met = 0
    let seen = 0
    for await (const { binding } of table.list()) {
      if (binding.identity === 'pod-1') met++
      if (seen++ % 10 > 0) continue
      table.release(`goes-${seen}`)
      table.claim(`comes-${seen}`, 'pod-3')
      table.lookup(`stays-${seen}`)
    }
    expect(met).toBe(count)
  })

  it('lets the event loop turn between slices, tells how far it is, and ends when it is told to', async () => {
    const table = memoryTable()
    for (let index = 0; index < 20_000; index++) table.claim(`key-${index}`, 'pod-1')
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const progress: number[] = []
    const released = await table.releaseEndpoint('pod-1', {
      onProgress: ({ done, total }) => progress.push(done / total),
    })
    isOver = true
    expect(released).toBe(20_000)
    expect(turns).toBeGreaterThan(5)
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual(progress.toSorted((one, other) => one - other))
    for (let index = 0; index < 20_000; index++) table.claim(`key-${index}`, 'pod-1')
    const abort = new AbortController()
    const work = table.releaseEndpoint('pod-1', { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(work).rejects.toBe(abort.signal.reason)
    expect(table.size).toBeGreaterThan(10_000)
    expect(table.size).toBeLessThan(20_000)
  })

  it('forgets identities that no binding points at', () => {
    const table = memoryTable({ maxEntries: 10 })
    for (let rollout = 0; rollout < 10_000; rollout++) table.claim(`key-${rollout}`, `pod-${rollout}`)
    expect(table.counts().size).toBe(10)
  })

  it('counts no binding that has expired, by either timeout', () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 4_000, absoluteTimeoutMs: 6_000, clock })
    table.claim('a', 'pod-1')
    table.claim('b', 'pod-1')
    for (let passed = 0; passed < 6_000; passed += 2_000) {
      table.lookup('a')
      clock.advance(2_000)
    }
    expect(table.countByEndpoint('pod-1')).toBe(0)
    expect(table.size).toBe(0)
  })
})
