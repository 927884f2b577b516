import assert from 'node:assert/strict'
import { type BulkMove, canCount, canMoveInBulk, type EndpointCounts } from '../table/capabilities.ts'
import type { Binding } from '../table/sticky-table.ts'
import { bound, type CapabilityCases, fill, IDLE, MANY } from './table-capability-case.ts'

export const countCases: CapabilityCases<'EndpointCounts'> = (it) => {
  it('can be told to have it', async (table) => assert.ok(canCount(table)))

  it('counts nothing where nothing is bound', async (table) => {
    assert.equal(table.countByEndpoint('pod-1'), 0)
    assert.equal(table.counts().size, 0)
  })

  it('counts keys as they are bound, moved and released', async (table) => {
    await fill(table, 10, (index) => `pod-${index % 2}`)
    assert.deepEqual(countsOf(table), { 'pod-0': 5, 'pod-1': 5 })
    await table.move('key-0', await bound(table, 'key-0'), 'pod-2')
    await table.release('key-1')
    await table.claim('key-2', 'pod-9')
    await table.touch('key-3', await bound(table, 'key-3'))
    assert.deepEqual(countsOf(table), { 'pod-0': 4, 'pod-1': 4, 'pod-2': 1 })
    for (const [identity, count] of table.counts()) assert.equal(table.countByEndpoint(identity), count)
  })

  it('names no endpoint that has no bindings any more', async (table) => {
    await table.claim('a', 'pod-1')
    await table.release('a')
    assert.deepEqual(countsOf(table), {})
  })

  it('leaves out bindings that a look-up found expired', async (table, advance) => {
    if (advance === undefined) return
    await table.claim('a', 'pod-1')
    await advance(IDLE * 2)
    await table.lookup('a')
    assert.equal(table.countByEndpoint('pod-1'), 0)
  })
}

export const listCases: CapabilityCases<'BindingList'> = (it) => {
  it('lists every binding once, as a look-up answers it', async (table) => {
    await fill(table, MANY, (index) => `pod-${index % 3}`)
    const seen = new Map<string, Binding>()
    for await (const { fingerprint, binding, usedAt } of table.list()) {
      assert.ok(!seen.has(fingerprint), 'a fingerprint came twice')
      assert.ok(usedAt >= binding.createdAt)
      seen.set(fingerprint, binding)
    }
    assert.equal(seen.size, MANY)
    const versions = new Map([...seen.values()].map(({ version, identity }) => [version, identity]))
    for (let index = 0; index < MANY; index += 97) {
      const { version, identity } = await bound(table, `key-${index}`)
      if (versions.size === MANY) assert.equal(versions.get(version), identity)
    }
  })

  it('tells keys in clear, or none', async (table) => {
    await fill(table, 20, () => 'pod-1')
    const keys = new Set<string | undefined>()
    for await (const { key } of table.list()) keys.add(key)
    const expected = Array.from({ length: 20 }, (_, index) => `key-${index}`)
    if (!keys.has(undefined)) assert.deepEqual([...keys].sort(), expected.sort())
    else assert.equal(keys.size, 1)
  })

  it('lists those of one endpoint', async (table) => {
    await fill(table, 100, (index) => `pod-${index % 4}`)
    let count = 0
    for await (const { binding } of table.list({ identity: 'pod-2' })) {
      assert.equal(binding.identity, 'pod-2')
      count++
    }
    assert.equal(count, 25)
    for await (const _ of table.list({ identity: 'pod-9' })) assert.fail('nothing is bound to it')
  })

  it('lists no expired bindings, and does not count as use', async (table, advance) => {
    if (advance === undefined) return
    await table.claim('a', 'pod-1')
    for (let passed = 0; passed <= IDLE * 2; passed += IDLE / 4) {
      for await (const _ of table.list());
      await advance(IDLE / 4)
    }
    for await (const _ of table.list()) assert.fail('it has expired')
  })

  it('ends when its signal aborts', async (table) => {
    await fill(table, 100, () => 'pod-1')
    const abort = new AbortController()
    const reason = new Error('enough')
    await assert.rejects(
      async () => {
        for await (const _ of table.list({ signal: abort.signal })) abort.abort(reason)
      },
      (error) => error === reason,
    )
  })
}

export const releaseCases: CapabilityCases<'BulkRelease'> = (it) => {
  it('ends every binding of one endpoint, and tells how many', async (table) => {
    await fill(table, MANY, (index) => `pod-${index % 3}`)
    assert.equal(await table.releaseEndpoint('pod-1'), MANY / 3)
    for (let index = 0; index < MANY; index += 7) {
      const expected = index % 3 === 1 ? undefined : `pod-${index % 3}`
      assert.equal((await table.lookup(`key-${index}`))?.identity, expected)
    }
    assert.equal(await table.releaseEndpoint('pod-1'), 0)
  })

  it('ends every binding, and tells how many', async (table) => {
    await fill(table, 100, (index) => `pod-${index % 3}`)
    assert.equal(await table.clear(), 100)
    assert.equal(await table.lookup('key-7'), undefined)
    assert.equal(await table.clear(), 0)
    assert.equal((await table.claim('key-7', 'pod-9')).created, true)
  })

  it('does nothing where its signal is aborted already', async (table) => {
    await table.claim('a', 'pod-1')
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const isReason = (error: unknown) => error === reason
    await assert.rejects(async () => await table.releaseEndpoint('pod-1', { signal }), isReason)
    await assert.rejects(async () => await table.clear({ signal }), isReason)
    assert.equal((await table.lookup('a'))?.identity, 'pod-1')
  })

  it('tells its progress, which ends at the whole', async (table) => {
    await fill(table, MANY, () => 'pod-1')
    let last = { done: 0, total: 0 }
    await table.releaseEndpoint('pod-1', {
      onProgress: (progress) => {
        assert.ok(progress.done >= last.done && progress.done <= progress.total)
        last = progress
      },
    })
    assert.ok(last.done > 0)
  })
}

export const moveCases: CapabilityCases<'BulkMove'> = (it) => {
  it('can be told to have it', async (table) => assert.ok(canMoveInBulk(table)))

  it('shows every binding once, and moves those that an identity is chosen for', async (table) => {
    await fill(table, MANY, (index) => `pod-${index % 3}`)
    const before = await bound(table, 'key-1')
    const met = await inSlices(table, ({ identity }) => (identity === 'pod-1' ? 'pod-9' : undefined))
    assert.deepEqual(met, { met: MANY, moved: MANY / 3 })
    const after = await bound(table, 'key-1')
    assert.equal(after.identity, 'pod-9')
    assert.equal(after.createdAt, before.createdAt)
    assert.notEqual(after.version, before.version)
    assert.ok(after.movedAt !== undefined)
    assert.equal((await bound(table, 'key-2')).identity, 'pod-2')
    assert.equal((await table.move('key-1', before, 'pod-8')).moved, false)
  })

  it('moves no more than it may', async (table) => {
    await fill(table, 100, () => 'pod-1')
    const slice = await table.moveSlice(0, () => 'pod-2', { examine: 1_000, move: 10 })
    assert.equal(slice.moved, 10)
    assert.notEqual(slice.cursor, undefined)
    const { moved } = await inSlices(table, () => 'pod-3', slice.cursor)
    assert.equal(moved, 90)
  })

  it('does not count as use', async (table, advance) => {
    if (advance === undefined) return
    await table.claim('a', 'pod-1')
    for (let passed = 0; passed <= IDLE * 2; passed += IDLE / 4) {
      await inSlices(table, ({ identity }) => `${identity}'`)
      await advance(IDLE / 4)
    }
    assert.equal(await table.lookup('a'), undefined)
  })
}

function countsOf(table: EndpointCounts): Record<string, number> {
  return Object.fromEntries(table.counts())
}

async function inSlices(
  table: BulkMove,
  choose: (binding: Binding) => string | undefined,
  from: number | undefined = 0,
): Promise<{ met: number; moved: number }> {
  let [met, moved] = [0, 0]
  for (let cursor: number | undefined = from; cursor !== undefined; ) {
    const slice = await table.moveSlice(
      cursor,
      (binding) => {
        met++
        return choose(binding)
      },
      { examine: 1_000, move: Number.POSITIVE_INFINITY },
    )
    moved += slice.moved
    cursor = slice.cursor
  }
  return { met, moved }
}
