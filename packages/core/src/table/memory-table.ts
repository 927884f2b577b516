import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import { durationOption } from '../option.ts'
import { listedBindings } from './binding-list.ts'
import { SEGMENT_BITS } from './binding-rows.ts'
import { Bindings, type BindingsShape } from './bindings.ts'
import type {
  AdjustableTimeout,
  BindingList,
  BulkMove,
  BulkRelease,
  EndpointCounts,
  ListedBinding,
  MovedSlice,
  SliceOptions,
  TableSnapshots,
} from './capabilities.ts'
import type { HashSeed } from './half-sip-hash.ts'
import type { MemoryTableOptions } from './memory-options.ts'
import { restoreBindings } from './restore.ts'
import { inSlices } from './slices.ts'
import { snapshotPieces } from './snapshot.ts'
import type { Binding, Claim, Move, StickyTable, TableLimit } from './sticky-table.ts'

/** What only tests set: small sizes, so that few keys make a table grow, and a seed that they know. */
export interface TableInternals {
  readonly seed?: HashSeed
  readonly segmentBits?: number
  readonly bucketBits?: number
}

/** Dropping two expired bindings for each new one outruns any rate of insertion, at a bounded cost for each. */
const DROPPED_PER_BINDING = 2
/** Dropped before a limit is held against a client, or a count is told: 0.2 ms of work. */
const DROPPED_PER_QUESTION = 1_024

/** Time, limits and outcomes of a memory table; {@link Bindings} keeps what it holds. */
export class MemoryStickyTable
  implements
    StickyTable,
    EndpointCounts,
    BindingList,
    BulkRelease,
    BulkMove,
    TableSnapshots,
    AdjustableTimeout
{
  readonly scope = 'process'
  readonly needsAddress: boolean
  readonly #clock: Clock
  readonly #maxEntries: number
  readonly #refuses: boolean
  readonly #maxPerAddress: number
  #bindings: Bindings
  #lastVersion = 0

  constructor(settings: Required<MemoryTableOptions>, internals: TableInternals = {}) {
    const { seed = randomSeed(), segmentBits = SEGMENT_BITS, bucketBits = 8 } = internals
    const { idleTimeoutMs, absoluteTimeoutMs, keys, maxBindingsPerAddress } = settings
    this.#clock = settings.clock
    this.#maxEntries = settings.maxEntries
    this.#refuses = settings.whenFull === 'refuse'
    this.#maxPerAddress = maxBindingsPerAddress
    const countsAddresses = maxBindingsPerAddress !== Number.POSITIVE_INFINITY
    this.needsAddress = countsAddresses
    const shape: BindingsShape = {
      idleTimeoutMs,
      absoluteTimeoutMs,
      keys,
      countsAddresses,
      seed,
      segmentBits,
      bucketBits,
    }
    this.#bindings = new Bindings(shape)
  }

  get size(): number {
    return this.#bindings.size
  }

  setIdleTimeout(idleTimeoutMs: number): void {
    const idle = durationOption('setIdleTimeout.idleTimeoutMs', idleTimeoutMs, 1, 'or-never')
    this.#bindings.shape = { ...this.#bindings.shape, idleTimeoutMs: idle }
  }

  lookup(key: string): Binding | undefined {
    const now = this.#now()
    const slot = this.#bindings.find(key)
    if (slot === 0) return undefined
    const binding = this.#bindings.hit(slot, now)
    if (binding === undefined) this.#bindings.drop(slot)
    return binding
  }

  claim(key: string, candidate: Identity, address?: string): Claim {
    const now = this.#now()
    const slot = this.#standing(key, now)
    if (slot !== 0) return { binding: this.#use(slot, now), created: false }
    const full = this.#makeRoom(address, now)
    if (full !== undefined) return { binding: undefined, created: false, full }
    return { binding: this.#bind(candidate, address, now), created: true }
  }

  move(key: string, from: Binding, to: Identity, address?: string): Move {
    const now = this.#now()
    const slot = this.#standing(key, now)
    if (slot === 0) {
      const full = this.#makeRoom(address, now)
      if (full !== undefined) return { binding: undefined, moved: false, full }
      return { binding: this.#bind(to, address, now), moved: true }
    }
    const bindings = this.#bindings
    if (bindings.rows.version(slot) !== from.version) return { binding: this.#use(slot, now), moved: false }
    bindings.rebind(slot, to, now, ++this.#lastVersion)
    return { binding: this.#use(slot, now), moved: true }
  }

  touch(key: string, binding: Binding): void {
    const now = this.#now()
    const slot = this.#standing(key, now)
    if (slot !== 0 && this.#bindings.rows.version(slot) === binding.version) this.#bindings.use(slot, now)
  }

  release(key: string, from?: Binding): boolean {
    const slot = this.#standing(key, this.#now())
    if (slot === 0 || (from && this.#bindings.rows.version(slot) !== from.version)) return false
    this.#bindings.drop(slot)
    return true
  }

  countByEndpoint(identity: Identity): number {
    this.#bindings.dropExpired(this.#now(), DROPPED_PER_QUESTION)
    return this.#bindings.identities.count(identity)
  }

  counts(): ReadonlyMap<Identity, number> {
    this.#bindings.dropExpired(this.#now(), DROPPED_PER_QUESTION)
    return this.#bindings.identities.counts()
  }

  list(options?: {
    readonly identity?: Identity
    readonly signal?: AbortSignal
  }): AsyncIterable<ListedBinding> {
    return listedBindings(
      () => this.#bindings,
      () => this.#now(),
      options,
    )
  }

  async releaseEndpoint(identity: Identity, options?: SliceOptions): Promise<number> {
    let released = 0
    await inSlices(
      () => this.#bindings.rows.end,
      (from, to) => {
        const bindings = this.#bindings
        const ordinal = bindings.identities.ordinalOf(identity)
        if (ordinal === 0) return false
        for (let slot = from; slot < to; slot++) {
          if (bindings.rows.identity(slot) !== ordinal) continue
          if (!bindings.isExpired(slot, this.#now())) released++
          bindings.drop(slot)
        }
        return true
      },
      options,
    )
    return released
  }

  /** At once: the old bindings are left to the collector of garbage. */
  async clear({ signal, onProgress }: SliceOptions = {}): Promise<number> {
    signal?.throwIfAborted()
    const ended = this.#bindings.size
    this.#bindings = new Bindings(this.#bindings.shape)
    onProgress?.({ done: ended, total: ended })
    return ended
  }

  moveSlice(
    cursor: number,
    choose: (binding: Binding, usedAt: number) => Identity | undefined,
    most: { readonly examine: number; readonly move: number },
  ): MovedSlice {
    const bindings = this.#bindings
    const { rows } = bindings
    const now = this.#now()
    let slot = Math.max(1, cursor)
    const end = Math.min(rows.end, slot + most.examine)
    let moved = 0
    for (; slot < end && moved < most.move; slot++) {
      if (rows.identity(slot) === 0 || bindings.isExpired(slot, now)) continue
      const version = rows.version(slot)
      const to = choose(bindings.binding(slot), rows.usedAt(slot))
      // `choose` may itself have used the table, or cleared it.
      if (bindings !== this.#bindings) return { cursor: undefined, moved }
      if (to === undefined || rows.identity(slot) === 0 || rows.version(slot) !== version) continue
      bindings.rebind(slot, to, now, ++this.#lastVersion)
      moved++
    }
    return { cursor: slot < this.#bindings.rows.end ? slot : undefined, moved }
  }

  snapshot(options?: SliceOptions): AsyncIterable<Uint8Array> {
    return snapshotPieces(
      () => this.#bindings,
      () => this.#now(),
      options,
    )
  }

  async restore(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: SliceOptions,
  ): Promise<number> {
    return await restoreBindings(
      {
        bindings: () => this.#bindings,
        replace: (shape) => {
          this.#bindings = new Bindings(shape ?? this.#bindings.shape)
        },
        maxEntries: this.#maxEntries,
        now: () => this.#now(),
        nextVersion: () => ++this.#lastVersion,
      },
      pieces,
      options,
    )
  }

  /** Whole milliseconds, so that times sort as integers; rounded down, so that none lies in the future. */
  #now(): number {
    return Math.floor(this.#clock.now())
  }

  /** The slot of a key unless it has expired; an expired one is dropped. */
  #standing(key: string, now: number): number {
    const slot = this.#bindings.find(key)
    if (slot === 0 || !this.#bindings.isExpired(slot, now)) return slot
    this.#bindings.drop(slot)
    return 0
  }

  #use(slot: number, now: number): Binding {
    this.#bindings.use(slot, now)
    return this.#bindings.binding(slot)
  }

  #bind(identity: Identity, address: string | undefined, now: number): Binding {
    const { addresses } = this.#bindings
    const ordinal = addresses === undefined || address === undefined ? 0 : addresses.retain(address)
    return this.#bindings.binding(this.#bindings.add(identity, ordinal, now, ++this.#lastVersion))
  }

  /** The limit that leaves no room for a new binding, if any. */
  #makeRoom(address: string | undefined, now: number): TableLimit | undefined {
    const bindings = this.#bindings
    bindings.dropExpired(now, DROPPED_PER_BINDING)
    if (bindings.addresses !== undefined && address !== undefined) {
      if (bindings.addresses.count(address) >= this.#maxPerAddress) {
        bindings.dropExpired(now, DROPPED_PER_QUESTION)
        if (bindings.addresses.count(address) >= this.#maxPerAddress) return 'address'
      }
    }
    if (bindings.size < this.#maxEntries) return undefined
    if (this.#refuses) return 'table'
    bindings.dropOldest()
    return undefined
  }
}

function randomSeed(): HashSeed {
  const bytes = randomBytes(16)
  return [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8), bytes.readInt32LE(12)]
}
