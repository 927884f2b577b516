import { describe, expect, it } from 'vitest'
import { consistentHashTable } from '../../../src/table/consistent-hash-table.ts'
import { memoryTable } from '../../../src/table/memory.ts'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import type { NearCacheOptions } from '../../../src/table/near/near-options.ts'
import type { StickyTable } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { tableCapabilitiesConformance } from '../../../src/testing/table-capabilities-conformance.ts'
import { prompt, RemoteStore, testInvalidations } from '../../support/remote-store.ts'

const NEVER = Number.POSITIVE_INFINITY

for (const isWatched of [false, true]) {
  const name = isWatched ? 'nearCache, watched' : 'nearCache'
  const options = (clock: ReturnType<typeof fakeClock>): NearCacheOptions => {
    if (!isWatched) return { clock }
    return {
      clock,
      maxWatchedAgeMs: NEVER,
      invalidations: {
        watch(listener) {
          listener.restored()
          return () => undefined
        },
      },
    }
  }

  stickyTableConformance({
    registry: { describe, it },
    name: `${name} of memoryTable`,
    create: (timeouts) => {
      const clock = fakeClock()
      const table = nearCache(memoryTable({ ...timeouts, clock }), options(clock))
      return { table, advance: (ms) => clock.advance(ms), close: () => table.close() }
    },
  })

  stickyTableConformance({
    registry: { describe, it },
    name: `${name} of a shared table`,
    deviations: { idleSlack: 0.25 },
    create: (timeouts) => {
      const clock = fakeClock()
      const table = nearCache(new RemoteStore(clock, timeouts).table(prompt), options(clock))
      return { table, advance: (ms) => clock.advance(ms), close: () => table.close() }
    },
  })

  tableCapabilitiesConformance({
    registry: { describe, it },
    name: `${name} of memoryTable`,
    capabilities: ['EndpointCounts', 'BindingList', 'BulkRelease', 'BulkMove', 'TableSnapshots'],
    create: ({ idleTimeoutMs }) => {
      const clock = fakeClock()
      const table = nearCache(memoryTable({ idleTimeoutMs, clock }), options(clock))
      return { table, advance: (ms) => clock.advance(ms), close: () => table.close() }
    },
  })
}

describe('nearCache', () => {
  it.each([
    [{ maxAgeMs: -1 }, 'option "nearCache.maxAgeMs": expected milliseconds from 0 to 2147483647, got -1'],
    [
      { maxAgeMs: 5_000, maxWatchedAgeMs: 4_999 },
      'option "nearCache.maxWatchedAgeMs": expected milliseconds from 5000 to 2147483647, or Infinity, got 4999',
    ],
    [{ maxEntries: 0 }, 'option "nearCache.maxEntries": expected an integer from 1 to 10000000, got 0'],
    [
      { invalidations: {} },
      'option "nearCache.invalidations": expected a Invalidations (an object with watch()), got an object',
    ],
    [
      { clock: {} },
      'option "nearCache.clock": expected a Clock (an object with now(), after()), got an object',
    ],
    [
      { maxAge: 1 },
      'option "nearCache.maxAge" is unknown; known: maxAgeMs, invalidations, maxWatchedAgeMs, maxEntries, clock',
    ],
  ])('refuses %j', (options, message) => {
    const make = () => nearCache(memoryTable(), options as NearCacheOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-option', message }))
  })

  it('refuses what is no table, and a table that computes its bindings', () => {
    expect(() => nearCache({} as StickyTable)).toThrow('option "nearCache.table": expected a StickyTable')
    expect(() => nearCache(consistentHashTable())).toThrow(
      'option "nearCache.table": expected a table that stores its bindings, got an object',
    )
  })

  it('has the scope of its table, and asks for addresses where the table does', () => {
    const clock = fakeClock()
    expect(nearCache(memoryTable()).scope).toBe('process')
    expect(nearCache(new RemoteStore(clock).table(prompt)).scope).toBe('shared')
    expect(nearCache(memoryTable()).needsAddress).toBe(false)
    const counting = nearCache(memoryTable({ maxBindingsPerAddress: 1 }))
    expect(counting.needsAddress).toBe(true)
    counting.claim('a', 'pod-1', '192.0.2.1')
    expect(counting.claim('b', 'pod-1', '192.0.2.1')).toMatchObject({ full: 'address' })
  })

  it('can do what its table can, and nothing else', () => {
    const bare = nearCache(new RemoteStore(fakeClock()).table(prompt))
    for (const method of [
      'countByEndpoint',
      'counts',
      'list',
      'releaseEndpoint',
      'clear',
      'moveSlice',
      'size',
    ])
      expect(method in bare, method).toBe(false)
    const full = nearCache(memoryTable())
    full.claim('a', 'pod-1')
    expect(full.countByEndpoint('pod-1')).toBe(1)
    expect((full as unknown as { size: number }).size).toBe(1)
  })

  it('serves nothing that was ended or moved in bulk through it', async () => {
    const clock = fakeClock()
    const inner = memoryTable({ clock })
    const table = nearCache(inner, { clock })
    for (const key of ['a', 'b']) table.claim(key, 'pod-1')
    table.claim('c', 'pod-2')
    expect(await table.releaseEndpoint('pod-1')).toBe(2)
    expect(table.lookup('a')).toBeUndefined()
    expect(table.lastKnown('b')).toBeUndefined()
    table.moveSlice(0, () => 'pod-3', { examine: 100, move: 100 })
    expect(table.lookup('c')).toMatchObject({ identity: 'pod-3' })
    await table.clear()
    expect(table.lookup('c')).toBeUndefined()
  })

  it('stops watching and forgets everything when it is closed, twice too, and leaves the table open', async () => {
    const clock = fakeClock()
    const invalidations = testInvalidations()
    const table = nearCache(new RemoteStore(clock).table(prompt), { clock, invalidations })
    await table.claim('a', 'pod-1')
    expect(invalidations.watchers).toBe(1)
    expect(table.stats().entries).toBe(1)
    await table.close()
    await table[Symbol.asyncDispose]()
    expect(invalidations.watchers).toBe(0)
    expect(table.stats().entries).toBe(0)
    expect(await table.lookup('a')).toMatchObject({ identity: 'pod-1' })
    expect(table.stats().entries).toBe(0)
    expect(clock.pending).toBe(0)
  })
})
