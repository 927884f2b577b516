import { expect } from 'vitest'
import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { ListedBinding } from '../../src/table/capabilities.ts'
import { memoryTableSettings } from '../../src/table/memory-options.ts'
import { MemoryStickyTable } from '../../src/table/memory-table.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { storedKey } from '../../src/table/stored-key.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

export interface TableSetup {
  readonly keys: 'fingerprint' | 'exact'
  readonly whenFull: 'evict' | 'refuse'
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
  readonly maxEntries: number
  readonly maxBindingsPerAddress: number
}

export type TableStep =
  | { readonly what: 'lookup' | 'touch' | 'release'; readonly key: string; readonly isStale: boolean }
  | { readonly what: 'claim'; readonly key: string; readonly to: Identity; readonly address?: string }
  | {
      readonly what: 'move'
      readonly key: string
      readonly to: Identity
      readonly address?: string
      readonly isStale: boolean
    }
  | { readonly what: 'time'; readonly ms: number }
  | { readonly what: 'releaseEndpoint' | 'clear' | 'reload' }
  | { readonly what: 'moveSlice'; readonly examine: number; readonly move: number }

interface Entry {
  readonly identity: Identity
  readonly createdAt: number
  readonly movedAt: number | undefined
  readonly address: string | undefined
  usedAt: number
  /** As the table answered it last. */
  binding: Binding
}

/** What an address counts as: the histories use IPv6 addresses of one /64 alone. */
function networkOf(address: string | undefined): string | undefined {
  return address?.includes(':') ? '/64' : address
}

/** A memory table beside the plainest one there is: a `Map` in the order of last use. */
export class TableModel {
  readonly #setup: TableSetup
  readonly #clock = fakeClock()
  readonly #entries = new Map<string, Entry>()
  /** A binding of each key that no longer stands. */
  readonly #stale = new Map<string, Binding>()
  readonly #versions = new Set<unknown>()
  #table: MemoryStickyTable

  constructor(setup: TableSetup) {
    this.#setup = setup
    this.#table = this.#fresh()
  }

  async step(step: TableStep): Promise<void> {
    switch (step.what) {
      case 'lookup':
        this.#same(step.key, this.#table.lookup(step.key))
        return this.#use(step.key)
      case 'touch':
        return this.#touch(step.key, step.isStale)
      case 'release':
        return this.#release(step.key, step.isStale)
      case 'claim':
        return this.#claim(step.key, step.to, step.address)
      case 'move':
        return this.#move(step.key, step.to, step.address, step.isStale)
      case 'time':
        return this.#clock.advance(step.ms)
      case 'releaseEndpoint':
        return this.#releaseEndpoint('pod-1')
      case 'clear':
        await this.#table.clear()
        for (const key of [...this.#entries.keys()]) this.#end(key)
        return
      case 'reload':
        return this.#reload()
      case 'moveSlice':
        return this.#moveSlice(step.examine, step.move)
    }
  }

  /** What the table counts and lists is what it must hold. */
  async check(): Promise<void> {
    this.#prune()
    const due = new Map<Identity, number>()
    for (const { identity } of this.#entries.values()) due.set(identity, (due.get(identity) ?? 0) + 1)
    expect(this.#table.counts()).toEqual(due)
    for (const identity of ['pod-1', 'pod-2', 'pod-3']) {
      expect(this.#table.countByEndpoint(identity)).toBe(due.get(identity) ?? 0)
    }
    expect(this.#table.size).toBe(this.#entries.size)
    const listed: ListedBinding[] = []
    for await (const one of this.#table.list()) listed.push(one)
    expect(new Set(listed.map(({ fingerprint }) => fingerprint)).size).toBe(this.#entries.size)
    const shown = listed.map(({ key, binding: { identity, createdAt, movedAt }, usedAt }) => {
      return JSON.stringify([this.#setup.keys === 'exact' ? key : '', identity, createdAt, movedAt, usedAt])
    })
    const dueShown = [...this.#entries].map(([key, { identity, createdAt, movedAt, usedAt }]) =>
      JSON.stringify([
        this.#setup.keys === 'exact' ? storedKey(key) : '',
        identity,
        createdAt,
        movedAt,
        usedAt,
      ]),
    )
    expect(shown.sort()).toEqual(dueShown.sort())
  }

  #fresh(): MemoryStickyTable {
    const settings = memoryTableSettings({ ...this.#setup, clock: this.#clock })
    return new MemoryStickyTable(settings, { segmentBits: 2, bucketBits: 1 })
  }

  #claim(key: string, to: Identity, address: string | undefined): void {
    this.#prune()
    const claim = this.#table.claim(key, to, address)
    if (this.#entries.has(key)) {
      expect(claim.created).toBe(false)
      this.#same(key, claim.binding)
      return this.#use(key)
    }
    const full = this.#limit(address)
    if (full) {
      expect(claim).toEqual({ binding: undefined, created: false, full })
      return
    }
    expect(claim.created).toBe(true)
    this.#bind(key, to, address, claim.binding)
  }

  #move(key: string, to: Identity, address: string | undefined, isStale: boolean): void {
    this.#prune()
    const entry = this.#entries.get(key)
    const from = isStale ? this.#stale.get(key) : (entry?.binding ?? this.#stale.get(key))
    if (!from) return
    const move = this.#table.move(key, from, to, address)
    if (!entry) {
      const full = this.#limit(address)
      if (full) expect(move).toEqual({ binding: undefined, moved: false, full })
      else {
        expect(move.moved).toBe(true)
        this.#bind(key, to, address, move.binding)
      }
      return
    }
    if (from.version !== entry.binding.version) {
      expect(move.moved).toBe(false)
      this.#same(key, move.binding)
      return this.#use(key)
    }
    expect(move.moved).toBe(true)
    this.#rebind(key, to, this.#clock.now(), move.binding as Binding)
    this.#use(key)
  }

  #touch(key: string, isStale: boolean): void {
    this.#prune()
    const standing = this.#entries.get(key)?.binding
    const binding = isStale ? this.#stale.get(key) : standing
    if (!binding) return
    this.#table.touch(key, binding)
    if (binding.version === standing?.version) this.#use(key)
  }

  #release(key: string, isStale: boolean): void {
    this.#prune()
    const standing = this.#entries.get(key)?.binding
    const from = isStale ? this.#stale.get(key) : undefined
    const isDue = standing !== undefined && (from === undefined || from.version === standing.version)
    expect(this.#table.release(key, from)).toBe(isDue)
    if (isDue) this.#end(key)
  }

  async #releaseEndpoint(identity: Identity): Promise<void> {
    this.#prune()
    const due = [...this.#entries].filter(([, entry]) => entry.identity === identity).map(([key]) => key)
    expect(await this.#table.releaseEndpoint(identity)).toBe(due.length)
    for (const key of due) this.#end(key)
  }

  /** Moves what is at pod-1 to pod-3, and follows by the versions it saw. */
  #moveSlice(examine: number, most: number): void {
    this.#prune()
    const due = [...this.#entries].filter(([, { identity }]) => identity === 'pod-1')
    const chosen: unknown[] = []
    let cursor: number | undefined = 0
    let moved = 0
    let slices = 0
    while (cursor !== undefined && slices++ < 1_000) {
      const before = chosen.length
      const slice = this.#table.moveSlice(
        cursor,
        ({ identity, version }) => {
          if (identity !== 'pod-1') return undefined
          chosen.push(version)
          return 'pod-3'
        },
        { examine, move: most },
      )
      expect(slice.moved).toBeLessThanOrEqual(most)
      expect(slice.moved).toBe(chosen.length - before)
      moved += slice.moved
      cursor = slice.cursor
    }
    expect(new Set(chosen)).toEqual(new Set(due.map(([, { binding }]) => binding.version)))
    expect(moved).toBe(due.length)
    for (const [key, { usedAt }] of due) {
      const binding = this.#table.lookup(key) as Binding
      this.#rebind(key, 'pod-3', this.#clock.now(), binding)
      expect(usedAt).toBeLessThanOrEqual(this.#clock.now())
      this.#use(key)
    }
  }

  /** Saves the table and goes on with one that was filled from it. */
  async #reload(): Promise<void> {
    this.#prune()
    const next = this.#fresh()
    expect(await next.restore(this.#table.snapshot())).toBe(this.#entries.size)
    this.#table = next
    this.#versions.clear()
    this.#stale.clear()
    // A look-up counts as use, so every key is looked up, in the order of last use.
    for (const key of [...this.#entries.keys()]) {
      const entry = this.#entries.get(key) as Entry
      const binding = next.lookup(key) as Binding
      expect(binding).toMatchObject({ identity: entry.identity, createdAt: entry.createdAt })
      entry.binding = binding
      this.#versions.add(binding.version)
      this.#use(key)
    }
  }

  #limit(address: string | undefined): 'table' | 'address' | undefined {
    const { maxBindingsPerAddress, maxEntries, whenFull } = this.#setup
    const own = [...this.#entries.values()].filter((entry) => entry.address === networkOf(address)).length
    if (address !== undefined && own >= maxBindingsPerAddress) return 'address'
    if (this.#entries.size < maxEntries) return undefined
    if (whenFull === 'refuse') return 'table'
    const [oldest] = this.#entries.keys()
    this.#end(oldest as string)
    return undefined
  }

  #bind(key: string, identity: Identity, address: string | undefined, given: Binding | undefined): void {
    const binding = given as Binding
    const now = this.#clock.now()
    expect(this.#versions.has(binding.version)).toBe(false)
    this.#versions.add(binding.version)
    const counted =
      this.#setup.maxBindingsPerAddress === Number.POSITIVE_INFINITY ? undefined : networkOf(address)
    this.#entries.set(key, {
      identity,
      createdAt: now,
      movedAt: undefined,
      address: counted,
      usedAt: now,
      binding,
    })
    this.#same(key, binding)
  }

  #rebind(key: string, identity: Identity, movedAt: number, binding: Binding): void {
    const entry = this.#entries.get(key) as Entry
    this.#stale.set(key, entry.binding)
    expect(this.#versions.has(binding.version)).toBe(false)
    this.#versions.add(binding.version)
    this.#entries.set(key, { ...entry, identity, movedAt, binding })
    expect(binding).toMatchObject({ identity, createdAt: entry.createdAt, movedAt })
  }

  #end(key: string): void {
    const entry = this.#entries.get(key)
    if (entry) this.#stale.set(key, entry.binding)
    this.#entries.delete(key)
  }

  #use(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    entry.usedAt = this.#clock.now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }

  #same(key: string, binding: Binding | undefined): void {
    this.#prune()
    const entry = this.#entries.get(key)
    if (!entry) return expect(binding).toBeUndefined()
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#setup
    const now = this.#clock.now()
    expect(binding).toEqual({
      identity: entry.identity,
      version: entry.binding.version,
      createdAt: entry.createdAt,
      ...(entry.movedAt !== undefined && { movedAt: entry.movedAt }),
      expiresAt: Math.min(now + idleTimeoutMs, entry.createdAt + absoluteTimeoutMs),
    })
  }

  #prune(): void {
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#setup
    const now = this.#clock.now()
    for (const [key, { usedAt, createdAt }] of this.#entries) {
      if (now >= usedAt + idleTimeoutMs || now >= createdAt + absoluteTimeoutMs) this.#end(key)
    }
  }
}
