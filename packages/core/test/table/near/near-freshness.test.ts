import { describe, expect, it } from 'vitest'
import { type NearCache, nearCache } from '../../../src/table/near/near-cache.ts'
import type { NearCacheOptions } from '../../../src/table/near/near-options.ts'
import type { Binding, StickyTable } from '../../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { prompt, RemoteStore, type TestInvalidations, testInvalidations } from '../../support/remote-store.ts'
import { type CountedTable, countedTable } from '../../support/tables.ts'

const AGE = 1_000
const WATCHED_AGE = 60_000
/** Longer than any test: nothing is asked because a binding ends. */
const IDLE = 3_600_000

interface Rig {
  readonly clock: FakeClock
  readonly store: RemoteStore
  /** What others do, who share the store. */
  readonly others: StickyTable
  readonly inner: CountedTable
  readonly near: NearCache
  readonly source: TestInvalidations
}

function rig(options: Partial<NearCacheOptions> & { nameOf?: (key: string) => string } = {}): Rig {
  const { nameOf, ...more } = options
  const clock = fakeClock()
  const store = new RemoteStore(clock, { idleTimeoutMs: IDLE })
  const inner = countedTable(store.table(prompt))
  const source = testInvalidations(nameOf)
  const near = nearCache(inner, {
    clock,
    maxAgeMs: AGE,
    maxWatchedAgeMs: WATCHED_AGE,
    invalidations: source,
    ...more,
  })
  return { clock, store, others: store.table(prompt), inner, near, source }
}

async function moved(others: StickyTable, key: string, to: string): Promise<Binding> {
  const { binding } = await others.move(key, (await others.lookup(key)) as Binding, to)
  return binding as Binding
}

describe('a near cache without invalidations', () => {
  it('answers a hit at once, without asking', async () => {
    const { near, inner } = rig()
    const { binding } = await near.claim('a', 'pod-1')
    const before = inner.calls.lookup
    expect(near.lookup('a')).toEqual(binding)
    expect(near.lookup('a')).toBe(near.lookup('a'))
    expect(inner.calls.lookup).toBe(before)
  })

  it('serves what was true at most maxAgeMs ago, counted from when it was asked for', async () => {
    const { near, others, clock } = rig()
    await near.claim('a', 'pod-1')
    await moved(others, 'a', 'pod-2')
    clock.advance(AGE - 1)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    clock.advance(1)
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-2' })
  })

  it('asks each time with maxAgeMs 0', async () => {
    const { near, others, inner } = rig({ maxAgeMs: 0 })
    await near.claim('a', 'pod-1')
    await near.lookup('a')
    await moved(others, 'a', 'pod-2')
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    expect(inner.calls.lookup).toBe(2)
  })

  it('never remembers that a key has no binding', async () => {
    const { near, others, inner } = rig()
    expect(await near.lookup('a')).toBeUndefined()
    expect(near.stats().entries).toBe(0)
    await others.claim('a', 'pod-1')
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    expect(inner.calls.lookup).toBe(2)
  })

  it('forgets a binding that turns out to have ended', async () => {
    const { near, others, clock } = rig()
    await near.claim('a', 'pod-1')
    await others.release('a')
    clock.advance(AGE)
    expect(await near.lookup('a')).toBeUndefined()
    expect(near.stats().entries).toBe(0)
    expect(near.lastKnown('a')).toBeUndefined()
  })

  it('serves no binding past its end, however young the answer', async () => {
    const clock = fakeClock()
    const store = new RemoteStore(clock, { idleTimeoutMs: IDLE, absoluteTimeoutMs: 500 })
    const near = nearCache(store.table(prompt), { clock })
    await near.claim('a', 'pod-1')
    clock.advance(499)
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    clock.advance(1)
    expect(await near.lookup('a')).toBeUndefined()
  })

  it('serves its own claims, moves and releases at once, by what the table answered', async () => {
    const { near, others, inner } = rig()
    await others.claim('a', 'pod-9')
    expect(await near.claim('a', 'pod-1')).toMatchObject({ created: false, binding: { identity: 'pod-9' } })
    const from = near.lookup('a') as Binding
    expect(from).toMatchObject({ identity: 'pod-9' })
    const theirs = await moved(others, 'a', 'pod-2')
    expect(await near.move('a', from, 'pod-3')).toMatchObject({ moved: false, binding: theirs })
    expect(near.lookup('a')).toEqual(theirs)
    expect(await near.move('a', theirs, 'pod-4')).toMatchObject({ moved: true })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-4', movedAt: expect.any(Number) })
    expect(inner.calls.lookup).toBe(0)
    expect(await near.release('a')).toBe(true)
    expect(await near.lookup('a')).toBeUndefined()
  })

  it('keeps a bounded number of keys, and those that are used', async () => {
    const { near, inner, clock } = rig({ maxEntries: 10, maxAgeMs: WATCHED_AGE })
    await near.claim('used', 'pod-1')
    for (let index = 0; index < 100; index++) {
      clock.advance(1)
      near.lookup('used')
      await near.claim(`key-${index}`, 'pod-1')
    }
    expect(near.stats()).toMatchObject({ entries: 10, evicted: 91 })
    const before = inner.calls.lookup
    expect(near.lookup('used')).toMatchObject({ identity: 'pod-1' })
    expect(inner.calls.lookup).toBe(before)
  })
})

describe('a near cache with invalidations', () => {
  it('counts as without until the source says restored', async () => {
    const { near, clock, inner } = rig()
    await near.claim('a', 'pod-1')
    clock.advance(AGE)
    await near.lookup('a')
    expect(inner.calls.lookup).toBe(1)
    expect(near.stats().isWatched).toBe(false)
  })

  it('serves an answer for maxWatchedAgeMs, and asks again as soon as the key is changed', async () => {
    const { near, others, clock, inner, source } = rig()
    source.tell.restored()
    await near.claim('a', 'pod-1')
    clock.advance(WATCHED_AGE - 1)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    await moved(others, 'a', 'pod-2')
    source.tell.changed('b')
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    source.tell.changed('a')
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    const before = inner.calls.lookup
    clock.advance(WATCHED_AGE - 1)
    near.lookup('a')
    expect(inner.calls.lookup).toBe(before)
    clock.advance(1)
    await near.lookup('a')
    expect(inner.calls.lookup).toBe(before + 1)
  })

  it('asks for every key again when any may have changed', async () => {
    const { near, store, source } = rig()
    source.tell.restored()
    await near.claim('a', 'pod-1')
    store.lose()
    source.tell.changed(undefined)
    expect(await near.lookup('a')).toBeUndefined()
  })

  it('goes by the short age from when the source is lost, for what was asked for before it was restored too', async () => {
    const { near, clock, others, source } = rig()
    source.tell.restored()
    await near.claim('a', 'pod-1')
    clock.advance(AGE / 2)
    source.tell.lost()
    await moved(others, 'a', 'pod-2')
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    clock.advance(AGE / 2)
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    await moved(others, 'a', 'pod-3')
    source.tell.restored()
    clock.advance(AGE - 1)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    clock.advance(1)
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-3' })
    clock.advance(WATCHED_AGE - 1)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-3' })
  })

  it('knows keys by the names of the source', async () => {
    const { near, others, source } = rig({ nameOf: (key) => `hash of ${key}`, maxEntries: 2 })
    source.tell.restored()
    for (const key of ['a', 'b', 'c']) await near.claim(key, 'pod-1')
    await moved(others, 'c', 'pod-2')
    source.tell.changed('c')
    expect(near.lookup('c')).toMatchObject({ identity: 'pod-1' })
    source.tell.changed('hash of c')
    source.tell.changed('hash of a')
    expect(await near.lookup('c')).toMatchObject({ identity: 'pod-2' })
  })

  it('may hear of what it did itself', async () => {
    const { near, store, source } = rig()
    source.tell.restored()
    store.watch((key) => source.tell.changed(key))
    const { binding } = await near.claim('a', 'pod-1')
    await near.move('a', binding as Binding, 'pod-2')
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-2' })
  })
})
