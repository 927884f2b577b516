import { expect } from 'vitest'
import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { MemoryTableOptions } from '../../src/table/memory-options.ts'
import { MemoryStickyTable, type TableInternals } from '../../src/table/memory-table.ts'
import type { Binding, TableLimit } from '../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'

/** What a table must hold of a key. A version is learnt when it is seen first. */
interface Row {
  identity: Identity
  readonly createdAt: number
  movedAt: number | undefined
  usedAt: number
  readonly address: string | undefined
  version: Binding['version'] | undefined
}

/**
 * A memory table beside a plain model of it: a map in the order of last use, that forgets what has expired before each
 * operation. Time passes with every operation, so that no two uses are at one time.
 */
export class TableBesideModel {
  readonly clock: FakeClock = fakeClock()
  readonly settings: Required<MemoryTableOptions>
  readonly #internals: TableInternals
  /** Oldest use first. */
  readonly #rows = new Map<string, Row>()
  readonly #versions = new Set<Binding['version']>()
  /** Bindings as they were answered, to be given again later. */
  readonly #answered: { readonly key: string; readonly binding: Binding }[] = []
  table: MemoryStickyTable

  constructor(settings: Omit<Required<MemoryTableOptions>, 'clock'>, internals: TableInternals) {
    this.settings = { ...settings, clock: this.clock }
    this.#internals = internals
    this.table = new MemoryStickyTable(this.settings, internals)
  }

  lookup(key: string): void {
    this.#tick()
    this.#expectBinding(key, this.table.lookup(key), this.#use(key))
  }

  claim(key: string, candidate: Identity, address: string | undefined): void {
    this.#tick()
    const { binding, created, ...rest } = this.table.claim(key, candidate, address)
    const known = this.#use(key)
    const full = known ? undefined : this.#bind(key, candidate, address)
    expect(rest).toEqual(full === undefined ? {} : { full })
    expect(created).toBe(known === undefined && full === undefined)
    this.#expectBinding(key, binding, this.#rows.get(key))
  }

  /** From the `nth` binding answered before, of whichever key it was. */
  move(nth: number, to: Identity, address: string | undefined): void {
    const from = this.#answered[nth % this.#answered.length]
    if (from === undefined) return
    this.#tick()
    const { key } = from
    const { binding, moved, ...rest } = this.table.move(key, from.binding, to, address)
    const row = this.#use(key)
    if (row === undefined) {
      const full = this.#bind(key, to, address)
      expect(rest).toEqual(full === undefined ? {} : { full })
      expect(moved).toBe(full === undefined)
    } else {
      const isSame = row.version === from.binding.version
      expect(moved).toBe(isSame)
      if (isSame) Object.assign(row, { identity: to, movedAt: this.clock.now(), version: undefined })
    }
    this.#expectBinding(key, binding, this.#rows.get(key))
  }

  touch(nth: number): void {
    const from = this.#answered[nth % this.#answered.length]
    if (from === undefined) return
    this.#tick()
    this.table.touch(from.key, from.binding)
    if (this.#rows.get(from.key)?.version === from.binding.version) this.#use(from.key)
  }

  release(key: string): void {
    this.#tick()
    expect(this.table.release(key)).toBe(this.#rows.delete(key))
  }

  releaseFrom(nth: number): void {
    const from = this.#answered[nth % this.#answered.length]
    if (from === undefined) return
    this.#tick()
    const stands = this.#rows.get(from.key)?.version === from.binding.version
    expect(this.table.release(from.key, from.binding)).toBe(stands)
    if (stands) this.#rows.delete(from.key)
  }

  pass(ms: number): void {
    this.clock.advance(ms)
  }

  count(identities: readonly Identity[]): void {
    this.#tick()
    const expected = new Map<Identity, number>()
    for (const { identity } of this.#rows.values()) expected.set(identity, (expected.get(identity) ?? 0) + 1)
    const first = identities[0] as Identity
    expect(this.table.countByEndpoint(first)).toBe(expected.get(first) ?? 0)
    expect(this.table.counts()).toEqual(expected)
    for (const identity of identities) {
      expect(this.table.countByEndpoint(identity)).toBe(expected.get(identity) ?? 0)
    }
    expect(this.table.size).toBe(this.#rows.size)
  }

  async releaseEndpoint(identity: Identity): Promise<void> {
    this.#tick()
    const keys = [...this.#rows].filter(([, row]) => row.identity === identity).map(([key]) => key)
    expect(await this.table.releaseEndpoint(identity)).toBe(keys.length)
    for (const key of keys) this.#rows.delete(key)
  }

  async clear(): Promise<void> {
    this.#tick()
    const { size } = this.table
    expect(await this.table.clear()).toBe(size)
    expect(this.table.size).toBe(0)
    this.#rows.clear()
  }

  /** Moves what stands at `from` to `to`, in slices of some size. */
  moveInBulk(from: Identity, to: Identity, examine: number, most: number): void {
    this.#tick()
    const rows = [...this.#rows.values()].filter(({ identity }) => identity === from)
    const usedAt = [...this.#rows.values()].map((row) => row.usedAt)
    const met: number[] = []
    let moved = 0
    let cursor: number | undefined = 0
    while (cursor !== undefined) {
      const slice = this.table.moveSlice(
        cursor,
        (binding, usedAt) => {
          met.push(usedAt)
          return binding.identity === from ? to : undefined
        },
        { examine, move: most },
      )
      expect(slice.moved).toBeLessThanOrEqual(most)
      moved += slice.moved
      cursor = slice.cursor
    }
    // Times of use are unique, so they tell the bindings.
    expect(met.toSorted((a, b) => a - b)).toEqual(usedAt)
    expect(moved).toBe(rows.length)
    for (const row of rows)
      Object.assign(row, { identity: to, movedAt: this.clock.now(), version: undefined })
  }

  async list(identity: Identity | undefined): Promise<void> {
    this.#tick()
    const expected = [...this.#rows].filter(([, row]) => identity === undefined || row.identity === identity)
    const fingerprints = new Set<string>()
    const found: [number, Identity, string | undefined][] = []
    for await (const listed of this.table.list(identity === undefined ? {} : { identity })) {
      fingerprints.add(listed.fingerprint)
      found.push([listed.usedAt, listed.binding.identity, listed.key])
    }
    expect(fingerprints.size).toBe(found.length)
    const isExact = this.settings.keys === 'exact'
    expect(found.toSorted(([a], [b]) => a - b)).toEqual(
      expected.map(([key, row]) => [row.usedAt, row.identity, isExact ? storedAs(key) : undefined]),
    )
  }

  /** Saves the table and goes on with another that is filled from it. */
  async restart(): Promise<void> {
    this.#tick()
    const pieces: Uint8Array[] = []
    for await (const piece of this.table.snapshot()) pieces.push(piece)
    const { seed: _, ...sizes } = this.#internals
    this.table = new MemoryStickyTable(this.settings, sizes)
    expect(await this.table.restore(pieces)).toBe(this.#rows.size)
    expect(this.table.size).toBe(this.#rows.size)
    this.#versions.clear()
    this.#answered.length = 0
    for (const row of this.#rows.values()) row.version = undefined
  }

  /** Looks every key up in the order of use, which leaves that order as it is. */
  checkAll(): void {
    for (const key of [...this.#rows.keys()]) this.lookup(key)
  }

  #tick(): void {
    this.clock.advance(1)
    const now = this.clock.now()
    for (const [key, row] of this.#rows) if (now >= this.#endOf(row)) this.#rows.delete(key)
  }

  #endOf({ usedAt, createdAt }: Row): number {
    return Math.min(usedAt + this.settings.idleTimeoutMs, createdAt + this.settings.absoluteTimeoutMs)
  }

  #use(key: string): Row | undefined {
    const row = this.#rows.get(key)
    if (row === undefined) return undefined
    row.usedAt = this.clock.now()
    this.#rows.delete(key)
    this.#rows.set(key, row)
    return row
  }

  /** Binds an absent key, unless a limit is met. */
  #bind(key: string, identity: Identity, address: string | undefined): TableLimit | undefined {
    const { maxBindingsPerAddress, maxEntries, whenFull } = this.settings
    const ofAddress = [...this.#rows.values()].filter(
      (row) => address !== undefined && row.address === address,
    )
    if (ofAddress.length >= maxBindingsPerAddress) return 'address'
    if (this.#rows.size >= maxEntries) {
      if (whenFull === 'refuse') return 'table'
      const [oldest] = this.#rows.keys() as Iterable<string> as [string]
      this.#rows.delete(oldest)
    }
    const now = this.clock.now()
    this.#rows.set(key, {
      identity,
      createdAt: now,
      movedAt: undefined,
      usedAt: now,
      address,
      version: undefined,
    })
    return undefined
  }

  #expectBinding(key: string, binding: Binding | undefined, row: Row | undefined): void {
    if (row === undefined || binding === undefined) {
      expect(binding).toBe(row)
      return
    }
    if (row.version === undefined) {
      expect(this.#versions.has(binding.version)).toBe(false)
      this.#versions.add(binding.version)
      row.version = binding.version
    }
    const { identity, createdAt, movedAt, version } = row
    const expiresAt = this.#endOf(row)
    expect(binding).toEqual({
      identity,
      version,
      createdAt,
      expiresAt,
      ...(movedAt === undefined ? {} : { movedAt }),
    })
    this.#answered.push({ key, binding })
  }
}

function storedAs(key: string): string | RegExp {
  return key.length <= 64 ? key : expect.stringMatching(/^~[\da-f]{64}$/)
}
