import { describe, expect, it } from 'vitest'
import { isAdjustable } from '../../src/table/capabilities.ts'
import { memoryTable } from '../../src/table/memory.ts'
import { nearCache } from '../../src/table/near/near-cache.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

describe('setIdleTimeout()', () => {
  it('shortens the life of the bindings that stand', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 10_000 })
    table.claim('a', 'pod-1')
    clock.advance(5_000)
    table.setIdleTimeout(5_000)
    expect(table.lookup('a')).toBeUndefined()
  })

  it('lengthens it, too', () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 1_000 })
    table.claim('a', 'pod-1')
    table.setIdleTimeout(10_000)
    clock.advance(9_999)
    expect(table.lookup('a')).toMatchObject({ identity: 'pod-1' })
  })

  it('holds after clear()', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 1_000 })
    table.setIdleTimeout(10_000)
    await table.clear()
    table.claim('a', 'pod-1')
    clock.advance(9_999)
    expect(table.lookup('a')).toBeDefined()
  })

  it('is there behind a near cache, which a table without it does not get', () => {
    const table = memoryTable()
    expect(isAdjustable(nearCache(table))).toBe(true)
    const { lookup, claim, move, touch, release } = table
    expect(isAdjustable(nearCache({ lookup, claim, move, touch, release }))).toBe(false)
  })

  it.each([0, -1, Number.NaN, '5s'])('refuses %s', (wrong) => {
    const table = memoryTable()
    expect(() => table.setIdleTimeout(wrong as number)).toThrow('setIdleTimeout.idleTimeoutMs')
  })
})
