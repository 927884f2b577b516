import { describe, expect, it, vi } from 'vitest'
import { type MemoryTable, type MemoryTableOptions, memoryTable } from '../../src/table/memory.ts'
import { memoryTableSettings } from '../../src/table/memory-options.ts'
import { MemoryStickyTable } from '../../src/table/memory-table.ts'
import { SLOTS_PER_SLICE } from '../../src/table/slices.ts'
import { digestOf, frame, KIND, PRELUDE_BYTES, prelude } from '../../src/table/snapshot-format.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { gathered } from '../support/gathered.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const NEVER = Number.POSITIVE_INFINITY

async function saved(table: MemoryTable): Promise<Buffer> {
  return Buffer.concat(await gathered(table.snapshot()))
}

/** The payloads of a snapshot, which {@link assembled} makes one again. */
function payloads(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = PRELUDE_BYTES; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at)
    found.push(Buffer.from(bytes.subarray(at + 4, end)))
    at = end + 32
  }
  return found
}

/** A snapshot with every checksum right. */
function assembled(parts: readonly Buffer[], version = 1): Buffer {
  return Buffer.concat([prelude(version), ...parts.map((part, index) => frame(index, part))])
}

/** Expects a restore to fail, and the table to be empty and of use afterwards. */
async function expectRefused(
  bytes: Uint8Array,
  code: string,
  options: MemoryTableOptions = {},
): Promise<void> {
  // Of little memory, since there are thousands of them.
  const table = new MemoryStickyTable(memoryTableSettings(options), { segmentBits: 4, bucketBits: 1 })
  await expect(table.restore([bytes])).rejects.toMatchObject({ name: 'StickyError', code })
  if (table.size !== 0) expect.fail('the table is not empty')
  const { binding } = table.claim('key-0', 'elsewhere')
  if (table.lookup('key-0')?.version !== binding?.version) expect.fail('the table is of no use')
}

async function small(options: MemoryTableOptions = {}): Promise<Buffer> {
  const table = memoryTable(options)
  table.claim('key-0', 'web-0', '192.0.2.1')
  const { binding } = table.claim('key-1', 'web-1')
  table.move('key-1', binding as Binding, 'web-0')
  return await saved(table)
}

describe('a restored table', () => {
  for (const keys of ['fingerprint', 'exact'] as const) {
    for (const idleTimeoutMs of [10_000, NEVER]) {
      for (const absoluteTimeoutMs of [30_000, NEVER]) {
        for (const maxBindingsPerAddress of [50, NEVER]) {
          const modes = { keys, idleTimeoutMs, absoluteTimeoutMs, maxBindingsPerAddress }
          it(`holds what was saved, with what is left of each life: ${Object.values(modes)}`, async () => {
            const clock = fakeClock()
            const table = memoryTable({ ...modes, clock, maxEntries: 3_000 })
            const random = fakeRandom(3)
            for (let index = 0; index < 3_000; index++) {
              const key = `${'k'.repeat(index % 70)}${index}`
              const { binding } = table.claim(key, `web-${index % 5}`, `192.0.2.${index % 200}`)
              if (index % 10 === 0) table.move(key, binding as Binding, 'moved \ud83d\udc1a\ud800')
              if (index % 7 === 0) table.lookup(`${'k'.repeat((index >> 1) % 70)}${index >> 1}`)
              clock.advance(random() * 6)
            }
            const bytes = await saved(table)
            clock.advance(1_500)
            const other = memoryTable({ ...modes, clock, maxEntries: 3_000 })
            const restored = await other.restore([bytes])
            expect(other.counts()).toEqual(table.counts())
            expect(other.size).toBe(table.size)
            expect(restored).toBe(other.size)
            // What one address has still counts: the next claims meet the limit in both at once.
            for (let index = 0; index < 60; index++) {
              const [a, b] = [table, other].map((one) => one.claim(`late-${index}`, 'web-9', '192.0.2.7'))
              expect(b).toEqual({ ...a, ...(a?.binding && { binding: expect.anything() }) })
            }
            const strip = ({ version: _, ...rest }: Binding) => rest
            // A table that is full ends those used longest ago: in both the same.
            for (let index = 0; index < 700; index++)
              for (const one of [table, other]) one.claim(`new-${index}`, 'web-8')
            let standing = 0
            for (let index = 0; index < 3_000; index++) {
              const key = `${'k'.repeat(index % 70)}${index}`
              const [a, b] = [table.lookup(key), other.lookup(key)]
              expect(b && strip(b)).toEqual(a && strip(a))
              if (a) standing++
            }
            expect(standing).toBeGreaterThan(500)
            clock.advance(9_000)
            expect(other.counts()).toEqual(table.counts())
          })
        }
      }
    }
  }

  it('gives every binding a version of its own', async () => {
    const table = memoryTable({ keys: 'exact' })
    for (let index = 0; index < 100; index++) table.claim(`key-${index}`, 'web-0')
    const other = memoryTable({ keys: 'exact' })
    other.claim('key-0', 'web-0')
    other.release('key-0')
    await other.restore([await saved(table)])
    const versions = new Set<unknown>([1])
    for await (const { binding } of other.list()) versions.add(binding.version)
    versions.add(other.claim('new', 'web-0').binding?.version)
    expect(versions.size).toBe(102)
  })

  it('keeps the fingerprints that its listing shows', async () => {
    const table = memoryTable()
    table.claim('a', 'web-0')
    const other = memoryTable()
    await other.restore([await saved(table)])
    const [first] = await gathered(table.list())
    expect(await gathered(other.list())).toEqual([{ ...first, binding: expect.anything() }])
  })

  it('is empty where an empty table was saved', async () => {
    const table = memoryTable()
    expect(await table.restore([await saved(memoryTable())])).toBe(0)
    expect(table.claim('a', 'web-0').created).toBe(true)
  })

  it('has none of the bindings that ended between saving and restoring', async () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    clock.advance(50)
    table.claim('b', 'web-0')
    const bytes = await saved(table)
    clock.advance(50)
    const other = memoryTable({ idleTimeoutMs: 100, clock })
    expect(await other.restore([bytes])).toBe(1)
    expect(other.lookup('a')).toBeUndefined()
    expect(other.lookup('b')?.identity).toBe('web-0')
  })

  it('saves none of the bindings that have ended', async () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    clock.advance(100)
    expect(await memoryTable({ clock: fakeClock(0) }).restore([await saved(table)])).toBe(0)
  })

  it('holds no more than it may', async () => {
    const table = memoryTable()
    for (let index = 0; index < 100; index++) table.claim(`key-${index}`, 'web-0')
    const other = memoryTable({ maxEntries: 40 })
    expect(await other.restore([await saved(table)])).toBe(40)
    expect(other.size).toBe(40)
  })

  it('takes on the timeouts of its own table', async () => {
    const clock = fakeClock()
    const table = memoryTable({ idleTimeoutMs: 100, clock })
    table.claim('a', 'web-0')
    const other = memoryTable({ idleTimeoutMs: 1_000, absoluteTimeoutMs: 5_000, clock })
    await other.restore([await saved(table)])
    clock.advance(999)
    expect(other.lookup('a')?.expiresAt).toBe(clock.now() + 1_000)
  })

  it.each([
    [50, NEVER],
    [NEVER, 50],
  ])('counts addresses from a table with the limit %d in one with %d', async (saver, restorer) => {
    const table = memoryTable({ maxBindingsPerAddress: saver })
    table.claim('a', 'web-0', '192.0.2.1')
    const other = memoryTable({ maxBindingsPerAddress: restorer })
    expect(await other.restore([await saved(table)])).toBe(1)
    expect(other.lookup('a')?.identity).toBe('web-0')
    expect(other.release('a')).toBe(true)
  })
})

describe('a clock that is behind the saver’s', () => {
  const lives = { idleTimeoutMs: 1_000, absoluteTimeoutMs: 10_000 }

  it('leaves each binding what was left of its life', async () => {
    const clock = fakeClock(5_000_000)
    const table = memoryTable({ ...lives, clock })
    table.claim('a', 'web-0')
    clock.advance(400)
    table.claim('b', 'web-0')
    clock.advance(500)
    const bytes = await saved(table)
    const behind = fakeClock(1_000)
    const other = memoryTable({ ...lives, clock: behind })
    await other.restore([bytes])
    behind.advance(99)
    expect(other.counts()).toEqual(new Map([['web-0', 2]]))
    behind.advance(1)
    expect(other.lookup('a')).toBeUndefined()
    behind.advance(399)
    expect(other.lookup('b')?.createdAt).toBe(behind.now() - 999)
  })

  it('does not lengthen the life of a binding that was used while its table was saved', async () => {
    const clock = fakeClock(5_000_000)
    const table = memoryTable({ ...lives, clock })
    for (let index = 0; index < SLOTS_PER_SLICE + 2; index++) table.claim(`key-${index}`, 'web-0')
    const late = `key-${SLOTS_PER_SLICE + 1}`
    const pieces: Uint8Array[] = []
    for await (const piece of table.snapshot()) {
      pieces.push(piece)
      if (pieces.length > 2) continue
      clock.advance(300)
      const { version } = table.lookup(late) as Binding
      table.move(late, { version } as Binding, 'web-1')
      table.claim(`new-${pieces.length}`, 'web-1')
    }
    const behind = fakeClock(1_000)
    const other = memoryTable({ ...lives, clock: behind })
    await other.restore(pieces)
    for await (const { binding, usedAt } of other.list()) {
      for (const time of [usedAt, binding.createdAt, binding.movedAt ?? 0])
        expect(time).toBeLessThanOrEqual(1_000)
    }
    behind.advance(1_000)
    expect(other.lookup(late)).toBeUndefined()
    expect(other.lookup('new-1')).toBeUndefined()
  })
})

describe('a snapshot that is not what was saved', () => {
  it.each<[string, MemoryTableOptions]>([
    ['fingerprints', {}],
    ['exact keys and addresses', { keys: 'exact', maxBindingsPerAddress: 9 }],
  ])('is refused with any one bit flipped: %s', { timeout: 60_000 }, async (_name, options) => {
    const bytes = await small(options)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      await expectRefused(flipped, 'snapshot-damaged', options)
    }
  })

  it('is refused if it is cut short anywhere', async () => {
    const bytes = await small()
    for (let length = 0; length < bytes.length; length++) {
      await expectRefused(bytes.subarray(0, length), 'snapshot-damaged')
    }
  })

  it('is refused if frames are missing, doubled or in another order', async () => {
    const bytes = await small()
    const [header, bindings, end] = payloads(bytes) as [Buffer, Buffer, Buffer]
    const frames = (...parts: [number, Buffer][]) =>
      Buffer.concat([prelude(), ...parts.map(([sequence, part]) => frame(sequence, part))])
    for (const wrong of [
      frames([0, header], [2, end]),
      frames([0, header], [1, bindings], [1, bindings], [2, end]),
      frames([1, bindings], [0, header], [2, end]),
      frames([0, header], [2, end], [1, bindings]),
      assembled([header, end]),
      assembled([header, bindings, bindings, end]),
      assembled([bindings, header, end]),
      assembled([header, header, bindings, end]),
      assembled([end]),
      Buffer.concat([bytes, Buffer.of(0)]),
      Buffer.concat([bytes, bytes]),
      Buffer.concat([Buffer.of(0), bytes]),
    ]) {
      await expectRefused(wrong, 'snapshot-damaged')
    }
    expect(await memoryTable().restore([assembled([header, bindings, end])])).toBe(2)
  })

  it('is refused if its parts are no parts, though every checksum is right', async () => {
    const parts = payloads(await small())
    for (const [index, part] of parts.entries()) {
      for (let length = 0; length < part.length; length++) {
        const cut = parts.map((its, at) => (at === index ? part.subarray(0, length) : its))
        await expectRefused(assembled(cut), 'snapshot-damaged')
      }
      for (const kind of [0, 4, 255]) {
        const other = parts.map((its, at) =>
          at === index ? Buffer.concat([Buffer.of(kind), its.subarray(1)]) : its,
        )
        await expectRefused(assembled(other), 'snapshot-damaged')
      }
    }
  })

  it('is refused if parts of exact keys are cut, though every checksum is right', async () => {
    const options = { keys: 'exact', maxBindingsPerAddress: 9 } as const
    const parts = payloads(await small(options))
    const [header, bindings, end] = parts as [Buffer, Buffer, Buffer]
    for (let length = 0; length < bindings.length; length++) {
      await expectRefused(assembled([header, bindings.subarray(0, length), end]), 'snapshot-damaged', options)
    }
  })

  it('is refused if it is something else', async () => {
    const random = fakeRandom(9)
    const garbage = Buffer.from(Array.from({ length: 5_000 }, () => Math.floor(random() * 256)))
    const long = Buffer.alloc(4)
    long.writeUInt32LE(2 ** 26 + 1)
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(500),
      garbage,
      Buffer.concat([prelude(), garbage]),
      Buffer.concat([prelude(), Buffer.alloc(100)]),
      Buffer.concat([prelude(), long, garbage]),
      Buffer.from('{"bindings":{}}'.repeat(100)),
    ]) {
      await expectRefused(bytes, 'snapshot-damaged')
    }
  })

  it('is refused at once if a frame claims to be longer than any is', async () => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(0xffff_ffff)
    let read = 0
    const endless = (function* () {
      yield prelude()
      yield length
      for (;;) {
        if (++read > 10) throw new Error('read on')
        yield Buffer.alloc(1_024)
      }
    })()
    await expect(memoryTable().restore(endless)).rejects.toMatchObject({ code: 'snapshot-damaged' })
  })

  it('is told from one of a newer version', async () => {
    const parts = payloads(await small())
    await expectRefused(assembled(parts, 2), 'snapshot-version')
    await expectRefused(assembled(parts, 0xffff_ffff), 'snapshot-version')
    await expect(memoryTable().restore([prelude(2)])).rejects.toThrow('version 2')
  })

  it('is refused with the option to change if its keys are kept in another way', async () => {
    for (const [keys, other] of [
      ['fingerprint', 'exact'],
      ['exact', 'fingerprint'],
    ] as const) {
      const bytes = await small({ keys })
      await expectRefused(bytes, 'invalid-option', { keys: other })
      await expect(memoryTable({ keys: other }).restore([bytes])).rejects.toThrow(
        `option "memoryTable.keys": the snapshot was saved with '${keys}', this table has '${other}'`,
      )
    }
  })

  it('has its digest over number, length and payload', () => {
    const digests = [digestOf(0, Buffer.of(1)), digestOf(1, Buffer.of(1)), digestOf(0, Buffer.of(2))]
    expect(new Set(digests.map(String)).size).toBe(3)
    expect(KIND).toEqual({ header: 1, bindings: 2, end: 3 })
  })
})

describe('a restore', () => {
  const KEYS = SLOTS_PER_SLICE * 3

  async function big(options: MemoryTableOptions = {}): Promise<Uint8Array[]> {
    const table = memoryTable(options)
    for (let index = 0; index < KEYS; index++) table.claim(`key-${index}`, 'saved')
    return await gathered(table.snapshot())
  }

  it('takes pieces cut at any place', async () => {
    const bytes = await small()
    for (let at = 0; at <= bytes.length; at++) {
      const table = memoryTable()
      expect(await table.restore([bytes.subarray(0, at), bytes.subarray(at)])).toBe(2)
    }
    for (const size of [1, 2, 3, 7, 16, 31, 64]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      const table = memoryTable()
      expect(await table.restore(pieces)).toBe(2)
      expect(['key-0', 'key-1'].map((key) => table.lookup(key)?.identity)).toEqual(['web-0', 'web-0'])
    }
  })

  it('goes only into an empty table', async () => {
    const table = memoryTable()
    table.claim('a', 'web-9')
    await expect(table.restore(await big())).rejects.toMatchObject({ code: 'table-not-empty' })
    expect(table.lookup('a')?.identity).toBe('web-9')
  })

  it('fails for a table that was filled before the header came', async () => {
    const table = memoryTable()
    const pieces = await big()
    const source = async function* () {
      table.claim('a', 'web-9')
      yield* pieces
    }
    await expect(table.restore(source())).rejects.toMatchObject({ code: 'table-not-empty' })
    expect(table.lookup('a')?.identity).toBe('web-9')
  })

  it('is one at a time', async () => {
    const table = memoryTable()
    const pieces = await big()
    const [first, second] = await Promise.allSettled([table.restore(pieces), table.restore(pieces)])
    expect(first).toEqual({ status: 'fulfilled', value: KEYS })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'table-not-empty' } })
    expect(table.size).toBe(KEYS)
  })

  it('lets claims made meanwhile win', async () => {
    for (const keys of ['fingerprint', 'exact'] as const) {
      const table = memoryTable({ keys })
      let piece = 0
      const source = async function* () {
        for (const its of await big({ keys })) {
          yield its
          // After the header, and between the parts.
          if (++piece >= 1)
            for (let index = 0; index < KEYS; index += 100) table.claim(`key-${index}`, 'claimed')
        }
      }
      const restored = await table.restore(source())
      expect(table.size).toBe(KEYS)
      const claimed = table.countByEndpoint('claimed')
      expect(claimed).toBe(Math.ceil(KEYS / 100))
      expect(restored).toBe(KEYS - claimed)
      expect(table.lookup('key-100')?.identity).toBe('claimed')
      expect(table.lookup('key-101')?.identity).toBe('saved')
    }
  })

  it('serves what is restored already', async () => {
    const table = memoryTable()
    let met = 0
    const source = async function* () {
      for (const piece of await big()) {
        yield piece
        for (let index = 0; index < KEYS; index += 10) if (table.lookup(`key-${index}`)) met++
      }
    }
    await table.restore(source())
    expect(met).toBeGreaterThan(KEYS / 10)
    expect(table.size).toBe(KEYS)
  })

  it('makes room for new keys by what was used longest ago, meanwhile too', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, maxEntries: KEYS })
    const pieces = await big({ clock })
    clock.advance(10)
    let next = 0
    const source = async function* () {
      for (const piece of pieces) {
        yield piece
        if (table.size > 0) for (let index = 0; index < 50; index++) table.lookup(`key-${index}`)
        for (let index = 0; index < 100; index++) table.claim(`new-${next++}`, 'new')
      }
    }
    await table.restore(source())
    expect(table.size).toBe(KEYS)
    for (let index = 0; index < 500; index++) table.claim(`late-${index}`, 'late')
    expect(table.size).toBe(KEYS)
    for (let index = 0; index < 50; index++) expect(table.lookup(`key-${index}`)?.identity).toBe('saved')
    // The source adds some before each piece is taken, the header among them.
    expect(table.countByEndpoint('new')).toBe(next)
    expect(table.countByEndpoint('late')).toBe(500)
  })

  it('ends with a clear, and what is bound afterwards stays', async () => {
    for (const at of [1, 2, 3]) {
      const table = memoryTable()
      let piece = 0
      const source = async function* () {
        for (const its of await big()) {
          yield its
          if (++piece !== at) continue
          await table.clear()
          table.claim('mine', 'web-9')
        }
      }
      expect(await table.restore(source())).toBeLessThan(KEYS)
      expect(table.counts()).toEqual(new Map([['web-9', 1]]))
      expect(table.lookup('mine')?.identity).toBe('web-9')
    }
  })

  it('that fails after a clear leaves alone what was bound since', async () => {
    const table = memoryTable()
    const source = async function* () {
      const [header, first] = (await big()) as [Uint8Array, Uint8Array]
      yield header
      yield first
      await table.clear()
      table.claim('mine', 'web-9')
      throw new Error('the disk is gone')
    }
    await table.restore(source()).catch(() => undefined)
    expect(table.lookup('mine')?.identity).toBe('web-9')
  })

  it('can be begun again after a clear', async () => {
    const table = memoryTable()
    const pieces = await big()
    let again: Promise<number> | undefined
    const source = async function* () {
      yield* pieces.slice(0, 2)
      await table.clear()
      again = table.restore(pieces)
      yield* pieces.slice(2)
    }
    await table.restore(source())
    expect(await again).toBe(KEYS)
    expect(table.size).toBe(KEYS)
  })

  it('that fails midway leaves nothing, and can be tried again', async () => {
    const table = memoryTable()
    const pieces = await big()
    const failure = new Error('the disk is gone')
    let isClosed = false
    const source = function* () {
      try {
        yield* pieces.slice(0, 2)
        throw failure
      } finally {
        isClosed = true
      }
    }
    await expect(table.restore(source())).rejects.toBe(failure)
    expect(isClosed).toBe(true)
    expect(table.size).toBe(0)
    expect(await table.restore(pieces)).toBe(KEYS)
    expect(table.lookup('key-0')?.identity).toBe('saved')
  })

  it('tells its source when it reads no more of it', async () => {
    let isClosed = false
    const source = function* () {
      try {
        yield Buffer.alloc(100)
        yield Buffer.alloc(100)
      } finally {
        isClosed = true
      }
    }
    await expect(memoryTable().restore(source())).rejects.toMatchObject({ code: 'snapshot-damaged' })
    expect(isClosed).toBe(true)
  })
})

describe('a snapshot under way', () => {
  it('is whole where its table is cleared meanwhile', async () => {
    const table = memoryTable()
    for (let index = 0; index < SLOTS_PER_SLICE * 3; index++) table.claim(`key-${index}`, 'web-0')
    const pieces: Uint8Array[] = []
    for await (const piece of table.snapshot()) {
      pieces.push(piece)
      if (pieces.length !== 2) continue
      await table.clear()
      for (let index = 0; index < SLOTS_PER_SLICE * 3; index++) table.claim(`other-${index}`, 'web-1')
    }
    const other = memoryTable()
    expect(await other.restore(pieces)).toBe(SLOTS_PER_SLICE)
    expect(other.counts()).toEqual(new Map([['web-0', SLOTS_PER_SLICE]]))
  })

  it('tells identities anew whose numbers others take meanwhile', async () => {
    const table = memoryTable({ keys: 'exact' })
    for (let index = 0; index < SLOTS_PER_SLICE * 2; index++) table.claim(`key-${index}`, `web-${index % 2}`)
    const pieces: Uint8Array[] = []
    for await (const piece of table.snapshot()) {
      pieces.push(piece)
      if (pieces.length !== 2) continue
      await table.releaseEndpoint('web-0')
      await table.releaseEndpoint('web-1')
      for (let index = 0; index < SLOTS_PER_SLICE * 2; index++)
        table.claim(`late-${index}`, `new-${index % 3}`)
    }
    const other = memoryTable({ keys: 'exact' })
    await other.restore(pieces)
    for await (const { key, binding } of other.list()) {
      const [kind, index] = (key as string).split('-') as [string, string]
      expect(binding.identity).toBe(kind === 'key' ? `web-${Number(index) % 2}` : `new-${Number(index) % 3}`)
    }
  })
})
