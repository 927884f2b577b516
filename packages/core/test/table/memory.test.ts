import { describe, expect, it } from 'vitest'
import { type MemoryTableOptions, memoryTable } from '../../src/table/memory.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../src/testing/sticky-table-conformance.ts'

stickyTableConformance({
  registry: { describe, it },
  name: 'memoryTable',
  create: (timeouts) => {
    const clock = fakeClock()
    return { table: memoryTable({ ...timeouts, clock }), advance: (ms) => clock.advance(ms) }
  },
})

describe('memoryTable', () => {
  it('evicts the binding used longest ago when it is full', () => {
    const table = memoryTable({ maxEntries: 3 })
    for (const key of ['a', 'b', 'c']) table.claim(key, `pod-${key}`)
    table.lookup('a')
    table.claim('d', 'pod-d')
    expect(table.size).toBe(3)
    expect(table.lookup('b')).toBeUndefined()
    expect(['a', 'c', 'd'].map((key) => table.lookup(key)?.identity)).toEqual(['pod-a', 'pod-c', 'pod-d'])
  })

  it('evicts nothing for a key that is stored already', () => {
    const table = memoryTable({ maxEntries: 2 })
    table.claim('a', 'pod-1')
    table.claim('b', 'pod-2')
    for (let round = 0; round < 10; round++) {
      table.claim('a', 'pod-3')
      table.lookup('b')
    }
    expect(table.lookup('a')?.identity).toBe('pod-1')
    expect(table.lookup('b')?.identity).toBe('pod-2')
  })

  it('keeps the place of a moved binding in the order of use', () => {
    const table = memoryTable({ maxEntries: 2 })
    const { binding } = table.claim('a', 'pod-1')
    table.claim('b', 'pod-2')
    table.move('a', binding as Binding, 'pod-3')
    table.claim('c', 'pod-1')
    expect(table.lookup('b')).toBeUndefined()
    expect(table.lookup('a')?.identity).toBe('pod-3')
  })

  it('drops expired bindings that nobody asks for while new keys come', () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 1_000, clock })
    for (let key = 0; key < 1_000; key++) table.claim(`old-${key}`, 'pod-1')
    clock.advance(1_000)
    for (let key = 0; key < 600; key++) table.claim(`new-${key}`, 'pod-1')
    expect(table.size).toBe(600)
  })

  it('never ends a binding without timeouts', () => {
    const clock = fakeClock()
    const never = Number.POSITIVE_INFINITY
    const table = memoryTable({ idleTimeoutMs: never, absoluteTimeoutMs: never, clock })
    expect(table.claim('a', 'pod-1').binding?.expiresAt).toBe(never)
    clock.advance(1e12)
    expect(table.lookup('a')?.identity).toBe('pod-1')
  })

  it('starts no timer', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock })
    table.claim('a', 'pod-1')
    expect(clock.pending).toBe(0)
  })

  it.each<[string, MemoryTableOptions]>([
    ['option "memoryTable.maxEntries": expected an integer from 1 to 100000000, got 0', { maxEntries: 0 }],
    [
      'option "memoryTable.maxEntries": expected an integer from 1 to 100000000, got 1.5',
      { maxEntries: 1.5 },
    ],
    ['option "memoryTable.idleTimeoutMs": expected milliseconds from 1', { idleTimeoutMs: -1 }],
    ['option "memoryTable.idleTimeoutMs": expected milliseconds from 1', { idleTimeoutMs: Number.NaN }],
    ['option "memoryTable.absoluteTimeoutMs": expected milliseconds from 1', { absoluteTimeoutMs: 0 }],
    ['option "memoryTable.clock": expected a Clock', { clock: {} as never }],
    ['option "memoryTable.ttl" is unknown; known: idleTimeoutMs', { ttl: 1 } as MemoryTableOptions],
  ])('refuses bad options: %s', (message, options) => {
    expect(() => memoryTable(options)).toThrow(message)
  })
})
