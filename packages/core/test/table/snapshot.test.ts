import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StickyError } from '../../src/error.ts'
import { type MemoryTable, type MemoryTableOptions, memoryTable } from '../../src/table/memory.ts'
import { frame, prelude, SNAPSHOT_VERSION } from '../../src/table/snapshot-format.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

async function bytesOf(table: MemoryTable): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of table.snapshot()) pieces.push(piece)
  return Buffer.concat(pieces)
}

function filled(count: number, options: MemoryTableOptions = {}): MemoryTable {
  const table = memoryTable(options)
  for (let index = 0; index < count; index++) {
    table.claim(`key-${index}`, `pod-${index % 3}`, `10.0.0.${index % 5}`)
  }
  return table
}

/** Restores into a fresh table; answers the code of the failure, or the number of bindings. */
async function restored(bytes: Uint8Array, options: MemoryTableOptions = {}): Promise<string | number> {
  const table = memoryTable(options)
  try {
    const count = await table.restore([bytes])
    expect(table.size).toBe(count)
    return count
  } catch (error) {
    expect(table.size).toBe(0)
    // Empty and usable.
    expect(table.claim('key-0', 'pod-9').created).toBe(true)
    expect(table.lookup('key-0')?.identity).toBe('pod-9')
    if (error instanceof StickyError) return error.code
    throw error
  }
}

describe.each(['fingerprint', 'exact'] as const)('a saved table (%s)', (keys) => {
  it('is all there in another one', async () => {
    const table = memoryTable({ keys })
    await table.restore([await bytesOf(filled(5_000, { keys }))])
    expect(table.size).toBe(5_000)
    for (let index = 0; index < 5_000; index++) {
      expect(table.lookup(`key-${index}`)?.identity).toBe(`pod-${index % 3}`)
    }
    expect(table.lookup('other')).toBeUndefined()
  })

  it('is damaged by any flipped bit', async () => {
    const bytes = await bytesOf(filled(2, { keys, maxBindingsPerAddress: 10 }))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(await restored(altered, { keys }), `bit ${bit}`).toBe('snapshot-damaged')
    }
  })

  it('is damaged wherever it is cut short, and by what follows it', async () => {
    const bytes = await bytesOf(filled(3, { keys }))
    for (let length = 0; length < bytes.length; length++) {
      expect(await restored(bytes.subarray(0, length), { keys }), `${length} bytes`).toBe('snapshot-damaged')
    }
    expect(await restored(Buffer.concat([bytes, Buffer.of(0)]), { keys })).toBe('snapshot-damaged')
    expect(await restored(Buffer.concat([bytes, bytes]), { keys })).toBe('snapshot-damaged')
  })

  it('may come in pieces of any size', async () => {
    const bytes = await bytesOf(filled(50, { keys }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect(await memoryTable({ keys }).restore(pieces)).toBe(50)
      }),
      { numRuns: 100 },
    )
  })

  it('keeps the order of use: who was used longest ago goes first', async () => {
    const clock = fakeClock()
    const table = memoryTable({ keys, clock })
    for (const key of ['a', 'b', 'c']) {
      table.claim(key, 'pod-1')
      clock.advance(10)
    }
    table.lookup('a')
    const next = memoryTable({ keys, clock, maxEntries: 3 })
    await next.restore([await bytesOf(table)])
    next.claim('d', 'pod-2')
    expect(next.lookup('b')).toBeUndefined()
    expect(['a', 'c', 'd'].map((key) => next.lookup(key)?.identity)).toEqual(['pod-1', 'pod-1', 'pod-2'])
  })

  it('keeps what each client address has', async () => {
    const options = { keys, maxBindingsPerAddress: 2 }
    const table = memoryTable(options)
    table.claim('a', 'pod-1', '10.0.0.1')
    table.claim('b', 'pod-1', '10.0.0.1')
    const next = memoryTable(options)
    await next.restore([await bytesOf(table)])
    expect(next.claim('c', 'pod-1', '10.0.0.1')).toMatchObject({ full: 'address' })
    next.release('a')
    expect(next.claim('c', 'pod-1', '10.0.0.1')).toMatchObject({ created: true })
  })
})

describe('the lives of restored bindings', () => {
  const options = { idleTimeoutMs: 10_000, absoluteTimeoutMs: 30_000 }

  it('end when they would have ended, the time in between included', async () => {
    const clock = fakeClock()
    const table = memoryTable({ ...options, clock })
    table.claim('old', 'pod-1')
    clock.advance(6_000)
    table.claim('new', 'pod-1')
    const bytes = await bytesOf(table)
    clock.advance(5_000)
    const next = memoryTable({ ...options, clock })
    expect(await next.restore([bytes])).toBe(1)
    clock.advance(4_999)
    const list: string[] = []
    for await (const { binding } of next.list()) list.push(binding.identity)
    expect(list).toEqual(['pod-1'])
    clock.advance(1)
    expect(next.lookup('new')).toBeUndefined()
  })

  it('keep creation, moves and the absolute timeout', async () => {
    const clock = fakeClock()
    const table = memoryTable({ ...options, clock })
    const { binding } = table.claim('a', 'pod-1')
    clock.advance(1_000)
    if (binding) table.move('a', binding, 'pod-2')
    const next = memoryTable({ ...options, clock })
    await next.restore([await bytesOf(table)])
    expect(next.lookup('a')).toMatchObject({ createdAt: 1_000_000, movedAt: 1_001_000, identity: 'pod-2' })
    for (let passed = 1_000; passed < 30_000; passed += 1_000) {
      expect(next.lookup('a'), `after ${passed} ms`).toBeDefined()
      clock.advance(1_000)
    }
    expect(next.lookup('a')).toBeUndefined()
  })

  it('are not longer on a machine whose clock is behind', async () => {
    const ahead = fakeClock(5_000_000)
    const table = memoryTable({ ...options, clock: ahead })
    table.claim('a', 'pod-1')
    ahead.advance(4_000)
    const bytes = await bytesOf(table)
    const behind = fakeClock(1_000_000)
    const next = memoryTable({ ...options, clock: behind })
    await next.restore([bytes])
    behind.advance(5_999)
    expect(next.lookup('a')).toBeDefined()
    const other = memoryTable({ ...options, clock: behind })
    await other.restore([bytes])
    behind.advance(6_000)
    expect(other.lookup('a')).toBeUndefined()
  })
})

describe('restore()', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('{"endpoints":[]}'.repeat(20))],
    ['zeros', Buffer.alloc(1_000)],
  ])('refuses %s', async (_what, bytes) => {
    expect(await restored(bytes)).toBe('snapshot-damaged')
  })

  it('refuses random bytes behind a good beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (rest) => {
        expect(await restored(Buffer.concat([prelude(), rest]))).toBe('snapshot-damaged')
      }),
      { numRuns: 200 },
    )
  })

  it('refuses parts that are made up, with good checksums', async () => {
    const good = await bytesOf(filled(1))
    const header = good.subarray(16, 16 + 4 + 31 + 32)
    for (const payload of [
      Buffer.of(1),
      Buffer.of(2),
      Buffer.of(2, 255, 255, 255, 255),
      Buffer.of(3),
      Buffer.of(9),
    ]) {
      expect(await restored(Buffer.concat([prelude(), frame(0, payload)]))).toBe('snapshot-damaged')
      expect(await restored(Buffer.concat([prelude(), header, frame(1, payload)]))).toBe('snapshot-damaged')
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (payload) => {
        payload[0] = 2
        const bytes = Buffer.concat([prelude(), header, frame(1, payload), frame(2, Buffer.alloc(9, 3))])
        expect(await restored(bytes)).toBe('snapshot-damaged')
      }),
      { numRuns: 200 },
    )
  })

  it('names a newer version, and takes it for no damage', async () => {
    expect(await restored(Buffer.concat([prelude(SNAPSHOT_VERSION + 1), Buffer.alloc(100)]))).toBe(
      'snapshot-version',
    )
  })

  it('refuses a table that keeps keys otherwise, or has bindings', async () => {
    const bytes = await bytesOf(filled(3))
    expect(await restored(bytes, { keys: 'exact' })).toBe('invalid-option')
    await expect(filled(1).restore([bytes])).rejects.toMatchObject({ code: 'table-not-empty' })
  })

  it('lets a binding that is made meanwhile win, and restores the others', async () => {
    const bytes = await bytesOf(filled(10_000))
    const table = memoryTable()
    let isBound = false
    const count = await table.restore([bytes], {
      onProgress() {
        if (isBound) return
        isBound = true
        table.release('key-9999')
        table.claim('key-9999', 'pod-new')
      },
    })
    expect(isBound).toBe(true)
    expect(count).toBe(9_999)
    expect(table.lookup('key-9999')?.identity).toBe('pod-new')
    expect(table.size).toBe(10_000)
  })

  it('ends at once when its signal aborts, with an empty table', async () => {
    const bytes = await bytesOf(filled(10_000))
    const table = memoryTable()
    const abort = new AbortController()
    const work = table.restore([bytes], { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(work).rejects.toMatchObject({ name: 'AbortError' })
    expect(table.size).toBe(0)
    expect(await table.restore([bytes])).toBe(10_000)
  })

  it('leaves what clear() has ended', async () => {
    const bytes = await bytesOf(filled(10_000))
    const table = memoryTable()
    await table.restore([bytes], { onProgress: () => void table.clear() })
    expect(table.size).toBe(0)
  })

  it('tells the source to end when it fails', async () => {
    let isEnded = false
    async function* source() {
      try {
        yield Buffer.from('no snapshot at all')
        yield Buffer.from('never read')
      } finally {
        isEnded = true
      }
    }
    await expect(memoryTable().restore(source())).rejects.toMatchObject({ code: 'snapshot-damaged' })
    expect(isEnded).toBe(true)
  })

  it('takes no more than the table may hold', async () => {
    const table = memoryTable({ maxEntries: 100 })
    expect(await table.restore([await bytesOf(filled(1_000))])).toBe(100)
  })
})

describe('a snapshot', () => {
  it('holds no key in clear by default', async () => {
    const table = memoryTable()
    table.claim('a-secret-session-id', 'pod-1')
    expect((await bytesOf(table)).includes('a-secret-session-id')).toBe(false)
    const exact = memoryTable({ keys: 'exact' })
    exact.claim('a-secret-session-id', 'pod-1')
    expect((await bytesOf(exact)).includes('a-secret-session-id')).toBe(true)
  })

  it('has every binding that stands throughout, while others come and go', async () => {
    const table = filled(10_000)
    const pieces: Uint8Array[] = []
    let turn = 0
    for await (const piece of table.snapshot()) {
      pieces.push(piece)
      for (let i = 0; i < 500; i++) table.claim(`late-${turn++}`, 'pod-late')
      for (let i = 0; i < 500; i++) table.release(`late-${turn - i * 2}`)
    }
    const next = memoryTable()
    await next.restore(pieces)
    for (let index = 0; index < 10_000; index++) {
      expect(next.lookup(`key-${index}`)?.identity).toBe(`pod-${index % 3}`)
    }
  })
})
