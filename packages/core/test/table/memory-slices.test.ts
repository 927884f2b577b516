import { describe, expect, it, vi } from 'vitest'
import type { SliceOptions, SliceProgress } from '../../src/table/capabilities.ts'
import { type MemoryTable, type MemoryTableOptions, memoryTable } from '../../src/table/memory.ts'
import { SLOTS_PER_SLICE } from '../../src/table/slices.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { gathered } from '../support/gathered.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

/** Two slices and a half. */
const STABLE = SLOTS_PER_SLICE * 2.5
const ALL = { examine: 500, move: Number.POSITIVE_INFINITY }

/** Half of the keys stand throughout, at `stable`; the others, at `volatile`, come and go. */
function filled(options: MemoryTableOptions = {}): MemoryTable {
  const table = memoryTable({ keys: 'exact', ...options })
  for (let index = 0; index < STABLE; index++) {
    table.claim(`stable-${index}`, 'stable')
    table.claim(`volatile-${index}`, 'volatile')
  }
  return table
}

/** What requests do to a table meanwhile: keys end, come, grow in number; those that stand are used. */
function traffic(table: MemoryTable): () => void {
  const random = fakeRandom(5)
  let next = STABLE
  return () => {
    for (let step = 0; step < 300; step++) {
      const any = Math.floor(random() * STABLE)
      table.release(`volatile-${any}`)
      table.lookup(`stable-${Math.floor(random() * STABLE)}`)
      if (random() < 0.7) table.claim(`volatile-${Math.floor(random() * STABLE)}`, 'volatile')
      if (random() < 0.5) table.claim(`volatile-${next++}`, 'volatile')
    }
  }
}

/** Other work for as long as the promise takes: each turn of the event loop. */
async function meanwhile<T>(work: Promise<T>, operate: () => void): Promise<T> {
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  while (!isOver) {
    operate()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return await over
}

async function listed(table: MemoryTable, options?: Parameters<MemoryTable['list']>[0]): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of table.list(options)) keys.push(key as string)
  return keys
}

describe('work over a whole memory table', () => {
  const isStable = (key: string) => key.startsWith('stable')

  it('lists every binding that stands throughout exactly once', async () => {
    const table = filled()
    const operate = traffic(table)
    const met: string[] = []
    let count = 0
    for await (const { key, binding } of table.list()) {
      if (++count % 200 === 0) operate()
      if (isStable(key as string)) met.push(key as string)
      expect(binding.identity).toBe((key as string).split('-')[0])
    }
    expect(met).toHaveLength(STABLE)
    expect(new Set(met).size).toBe(STABLE)
  })

  it('lists the bindings of one endpoint, which use does not disturb', async () => {
    const table = filled()
    const keys = await meanwhile(listed(table, { identity: 'stable' }), traffic(table))
    expect(keys.every(isStable)).toBe(true)
    expect(new Set(keys).size).toBe(STABLE)
    expect(keys).toHaveLength(STABLE)
    expect(await listed(table, { identity: 'nobody' })).toEqual([])
  })

  it('does not count a listing as use', async () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    clock.advance(99)
    for await (const { usedAt, key } of table.list()) {
      expect(usedAt).toBe(clock.now() - 99)
      expect(key).toBeUndefined()
    }
    clock.advance(1)
    for await (const _ of table.list()) expect.unreachable('it has expired')
    expect(table.lookup('a')).toBeUndefined()
  })

  it('shows fingerprints that tell keys apart, and not those it keeps', async () => {
    const table = filled()
    const shown = new Map<string, string>()
    for await (const { fingerprint, key } of table.list()) shown.set(fingerprint, key as string)
    expect(shown.size).toBe(2 * STABLE)
    for (const fingerprint of shown.keys()) expect(fingerprint).toMatch(/^[\da-f]{24}$/)
    const again = new Map<string, string>()
    for await (const { fingerprint, key } of table.list()) again.set(fingerprint, key as string)
    expect(again).toEqual(shown)
    const other = filled()
    for await (const { fingerprint } of other.list()) expect(shown.has(fingerprint)).toBe(false)
    let pieces = Buffer.alloc(0)
    for await (const piece of table.snapshot()) pieces = Buffer.concat([pieces, piece])
    const saved = pieces.toString('hex')
    const [first] = shown.keys() as Iterable<string> as [string]
    expect(saved).not.toContain(first)
    const words = first.match(/.{8}/g) as string[]
    expect(saved).not.toContain(words[0] as string)
  })

  it('ends a listing of a table that is cleared meanwhile', async () => {
    const table = filled()
    let count = 0
    for await (const _ of table.list()) if (++count === 1) await table.clear()
    expect(count).toBe(SLOTS_PER_SLICE)
  })

  it('releases every binding of one endpoint that stands throughout, and no other', async () => {
    const table = filled()
    const progress: SliceProgress[] = []
    const work = table.releaseEndpoint('stable', { onProgress: (its) => progress.push(its) })
    const operate = traffic(table)
    // Uses of stable keys in the traffic find what is not released yet.
    const released = await meanwhile(work, operate)
    expect(released).toBe(STABLE)
    expect(table.countByEndpoint('stable')).toBe(0)
    expect(table.counts()).toEqual(new Map([['volatile', table.size]]))
    for (const { done, total } of progress) expect(done).toBeLessThanOrEqual(total)
    expect(progress.map(({ done }) => done)).toEqual(
      progress.map(({ done }) => done).toSorted((a, b) => a - b),
    )
    expect(progress.length).toBeGreaterThan(2)
  })

  it('ends at once for an endpoint without bindings', async () => {
    const table = filled()
    const progress: SliceProgress[] = []
    expect(await table.releaseEndpoint('nobody', { onProgress: (its) => progress.push(its) })).toBe(0)
    expect(progress).toHaveLength(1)
  })

  it('does not count expired bindings as released', async () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    clock.advance(60)
    table.claim('b', 'web-0')
    clock.advance(40)
    expect(await table.releaseEndpoint('web-0')).toBe(1)
    expect(table.size).toBe(0)
  })

  it('clears at once, and is usable at once', async () => {
    const table = filled()
    const version = table.lookup('stable-0')?.version
    const progress: SliceProgress[] = []
    const work = table.clear({ onProgress: (its) => progress.push(its) })
    expect(table.size).toBe(0)
    expect(table.claim('stable-0', 'web-9').created).toBe(true)
    expect(table.lookup('stable-0')?.version).not.toBe(version)
    expect(await work).toBe(2 * STABLE)
    expect(progress).toEqual([{ done: 2 * STABLE, total: 2 * STABLE }])
    expect(table.size).toBe(1)
  })

  it('moves every binding that stands throughout exactly once, without counting as use', () => {
    const clock = fakeClock()
    const table = filled({ clock })
    clock.advance(10)
    const operate = traffic(table)
    const met = new Map<unknown, number>()
    let cursor: number | undefined = 0
    let moved = 0
    while (cursor !== undefined) {
      const slice = table.moveSlice(
        cursor,
        ({ identity, version }) => {
          met.set(version, (met.get(version) ?? 0) + 1)
          return identity === 'stable' ? 'elsewhere' : undefined
        },
        ALL,
      )
      moved += slice.moved
      cursor = slice.cursor
      operate()
    }
    expect(moved).toBe(STABLE)
    expect(Math.max(...met.values())).toBe(1)
    expect(table.countByEndpoint('elsewhere')).toBe(STABLE)
    expect(table.countByEndpoint('stable')).toBe(0)
    const binding = table.lookup('stable-7')
    expect(binding?.movedAt).toBe(clock.now())
    expect(binding?.createdAt).toBe(clock.now() - 10)
  })

  it('examines and moves no more than it may', () => {
    const table = memoryTable()
    for (let index = 0; index < 10; index++) table.claim(`key-${index}`, 'web-0')
    let asked = 0
    const choose = () => {
      asked++
      return 'web-1'
    }
    expect(table.moveSlice(0, choose, { examine: 4, move: 9 })).toEqual({ cursor: 5, moved: 4 })
    expect(table.moveSlice(5, choose, { examine: 9, move: 2 })).toEqual({ cursor: 7, moved: 2 })
    expect(asked).toBe(6)
    expect(table.moveSlice(7, choose, { examine: 4, move: 9 })).toEqual({ cursor: undefined, moved: 4 })
    expect(table.moveSlice(99, choose, { examine: 4, move: 9 })).toEqual({ cursor: undefined, moved: 0 })
    expect(table.countByEndpoint('web-1')).toBe(10)
  })

  it('neither shows nor moves expired bindings in bulk', () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    clock.advance(100)
    expect(table.moveSlice(0, () => expect.unreachable(), ALL).moved).toBe(0)
  })

  it('leaves alone a binding that ends or moves while it is asked about', () => {
    const table = memoryTable()
    for (const key of ['a', 'b', 'c']) table.claim(key, 'web-0')
    const [a, b] = ['a', 'b'].map((key) => table.lookup(key)) as [Binding, Binding]
    const { moved } = table.moveSlice(
      0,
      (binding) => {
        if (binding.version === a.version) table.release('a')
        if (binding.version === b.version) table.move('b', b, 'web-2')
        return 'web-1'
      },
      ALL,
    )
    expect(moved).toBe(1)
    expect(table.lookup('a')).toBeUndefined()
    expect(table.lookup('b')?.identity).toBe('web-2')
    expect(table.counts()).toEqual(new Map(Object.entries({ 'web-1': 1, 'web-2': 1 })))
  })

  it('leaves alone a table that is cleared while it is asked about', async () => {
    const table = memoryTable()
    for (let index = 0; index < 10; index++) table.claim(`key-${index}`, 'web-0')
    const { moved, cursor } = table.moveSlice(
      0,
      () => {
        void table.clear()
        return 'web-1'
      },
      ALL,
    )
    expect({ moved, cursor }).toEqual({ moved: 0, cursor: undefined })
    expect(table.size).toBe(0)
  })

  it('tells the progress of a snapshot and of a restore', async () => {
    const table = filled()
    const saved: SliceProgress[] = []
    const pieces: Uint8Array[] = []
    for await (const piece of table.snapshot({ onProgress: (its) => saved.push(its) })) pieces.push(piece)
    const all = 2 * STABLE
    expect(saved).toEqual(
      [1, 2, 3, 4, 5].map((slice) => ({ done: Math.min(slice * SLOTS_PER_SLICE, all), total: all })),
    )
    const restored: SliceProgress[] = []
    const onProgress = (its: SliceProgress) => restored.push(its)
    await memoryTable({ keys: 'exact' }).restore(pieces, { onProgress })
    expect(restored).toEqual(saved)
  })

  it('saves every binding that stands throughout exactly once', async () => {
    const table = filled()
    const operate = traffic(table)
    const pieces: Uint8Array[] = []
    for await (const piece of table.snapshot()) {
      pieces.push(piece)
      operate()
    }
    const other = memoryTable({ keys: 'exact' })
    await other.restore(pieces)
    expect(other.countByEndpoint('stable')).toBe(STABLE)
    for (let index = 0; index < STABLE; index++)
      expect(other.lookup(`stable-${index}`)?.identity).toBe('stable')
  })

  it.each<[string, number, (table: MemoryTable) => Promise<unknown>]>([
    ['list', 4, (table) => gathered(table.list())],
    ['releaseEndpoint', 4, (table) => table.releaseEndpoint('stable')],
    ['snapshot', 4, (table) => gathered(table.snapshot())],
    [
      'snapshot and restore',
      9,
      async (table) => await memoryTable({ keys: 'exact' }).restore(await gathered(table.snapshot())),
    ],
  ])('lets the event loop turn between two slices: %s', async (_name, turns, work) => {
    const table = filled()
    let seen = 0
    await meanwhile(work(table), () => seen++)
    expect(seen).toBeGreaterThanOrEqual(turns)
  })

  describe('ends when its signal aborts', () => {
    const reason = new Error('enough')
    const works: [string, (table: MemoryTable, options: SliceOptions) => Promise<unknown>][] = [
      ['releaseEndpoint', (table, options) => table.releaseEndpoint('stable', options)],
      ['clear', (table, options) => table.clear(options)],
      ['snapshot', (table, options) => gathered(table.snapshot(options))],
      ['list', (table, { signal }) => gathered(table.list(signal && { signal }))],
      [
        'restore',
        async (table, options) => {
          const pieces = await gathered(table.snapshot())
          const other = memoryTable({ keys: 'exact' })
          return await other.restore(pieces, options).finally(() => expect(other.size).toBe(0))
        },
      ],
    ]

    it.each(works)('%s: before it begins', async (_name, work) => {
      const table = filled()
      await expect(work(table, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(table.size).toBe(2 * STABLE)
    })

    it.each(works.filter(([name]) => name !== 'clear' && name !== 'list'))(
      '%s: after a slice',
      async (_name, work) => {
        const table = filled()
        const abort = new AbortController()
        let slices = 0
        const onProgress = () => {
          if (++slices === 2) abort.abort(reason)
        }
        await expect(work(table, { signal: abort.signal, onProgress })).rejects.toBe(reason)
        expect(slices).toBe(2)
      },
    )

    it('list: between two bindings', async () => {
      const table = filled()
      const abort = new AbortController()
      let count = 0
      const run = async () => {
        for await (const _ of table.list({ signal: abort.signal })) if (++count === 10) abort.abort(reason)
      }
      await expect(run()).rejects.toBe(reason)
      expect(count).toBe(10)
    })

    it('keeps what was released before', async () => {
      const table = filled()
      const abort = new AbortController()
      const onProgress = () => abort.abort(reason)
      await expect(table.releaseEndpoint('stable', { signal: abort.signal, onProgress })).rejects.toBe(reason)
      expect(table.size).toBe(2 * STABLE - SLOTS_PER_SLICE / 2)
    })
  })
})
