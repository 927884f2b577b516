import { type Clock, systemClock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import { contractOption, durationOption, integerOption, optionsObject } from '../option.ts'
import { RecencyList, type RecencyNode } from './recency-list.ts'
import type { Binding, Claim, Move, StickyTable } from './sticky-table.ts'
import { ownedCopy, storedKey } from './stored-key.ts'

/** Options of {@link memoryTable}. @public */
export interface MemoryTableOptions {
  /**
   * A binding ends when it was not used for this long, in milliseconds; at least 1, `Infinity` = no idle timeout.
   * Default 10 800 000 (3 hours), as a Service with `sessionAffinity: ClientIP`.
   */
  readonly idleTimeoutMs?: number
  /**
   * A binding ends this long after its key was bound first, however much it is used, in milliseconds; at least 1.
   * Default `Infinity`. A move does not start it again.
   */
  readonly absoluteTimeoutMs?: number
  /**
   * Bindings kept at most, 1 to 10 000 000; beyond it the least recently used one ends. Default 1 000 000. A binding
   * takes about 250 bytes.
   */
  readonly maxEntries?: number
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

/** A sticky table of this process alone; it answers at once. @public */
export interface MemoryTable extends StickyTable {
  lookup(key: string): Binding | undefined
  claim(key: string, candidate: Identity): Claim
  move(key: string, from: Binding, to: Identity): Move
  touch(key: string, binding: Binding): void
  release(key: string, from?: Binding): boolean
  /** Bindings stored now, expired ones that nobody asked for since among them. */
  readonly size: number
}

/**
 * A sticky table in the memory of this process: gone when the process ends, and not shared with other replicas.
 *
 * Time-outs are checked when a key is read; there is no timer. Expired bindings that nobody asks for are dropped from
 * the least recently used end whenever a new key is bound.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function memoryTable(options: MemoryTableOptions = {}): MemoryTable {
  return new MemoryStickyTable(options)
}

interface Entry extends RecencyNode<Entry> {
  readonly key: string
  readonly identity: Identity
  readonly version: number
  readonly createdAt: number
  readonly movedAt: number | undefined
  usedAt: number
}

/** Dropping two expired entries for each new one outruns any rate of insertion, at a bounded cost for each. */
const EXPIRED_DROPPED_PER_INSERT = 2

class MemoryStickyTable implements MemoryTable {
  readonly scope = 'process'
  readonly #entries = new Map<string, Entry>()
  /** Front = used last. The back is the first to be evicted and the first to pass its idle timeout. */
  readonly #recency = new RecencyList<Entry>()
  readonly #idleTimeoutMs: number
  readonly #absoluteTimeoutMs: number
  readonly #maxEntries: number
  readonly #clock: Clock
  #lastVersion = 0

  constructor(options: MemoryTableOptions) {
    const path = 'memoryTable'
    optionsObject(path, options, ['idleTimeoutMs', 'absoluteTimeoutMs', 'maxEntries', 'clock'])
    const {
      idleTimeoutMs = 10_800_000,
      absoluteTimeoutMs = Number.POSITIVE_INFINITY,
      maxEntries = 1_000_000,
      clock = systemClock,
    } = options
    this.#idleTimeoutMs = durationOption(`${path}.idleTimeoutMs`, idleTimeoutMs, 1, 'or-never')
    this.#absoluteTimeoutMs = durationOption(`${path}.absoluteTimeoutMs`, absoluteTimeoutMs, 1, 'or-never')
    this.#maxEntries = integerOption(`${path}.maxEntries`, maxEntries, 1, 10_000_000)
    this.#clock = contractOption(`${path}.clock`, clock, 'Clock', ['now', 'after'])
  }

  get size(): number {
    return this.#entries.size
  }

  lookup(key: string): Binding | undefined {
    const now = this.#clock.now()
    const entry = this.#live(storedKey(key), now)
    return entry && this.#use(entry, now)
  }

  claim(key: string, candidate: Identity): Claim {
    const now = this.#clock.now()
    const stored = storedKey(key)
    const entry = this.#live(stored, now)
    if (entry) return { binding: this.#use(entry, now), created: false }
    return { binding: this.#insert(stored, candidate, now), created: true }
  }

  move(key: string, from: Binding, to: Identity): Move {
    const now = this.#clock.now()
    const stored = storedKey(key)
    const entry = this.#live(stored, now)
    if (!entry) return { binding: this.#insert(stored, to, now), moved: true }
    if (entry.version !== from.version) return { binding: this.#use(entry, now), moved: false }
    return { binding: this.#replace(entry, to, now), moved: true }
  }

  touch(key: string, binding: Binding): void {
    const now = this.#clock.now()
    const entry = this.#live(storedKey(key), now)
    if (entry?.version === binding.version) this.#use(entry, now)
  }

  release(key: string, from?: Binding): boolean {
    const entry = this.#live(storedKey(key), this.#clock.now())
    if (!entry || (from && entry.version !== from.version)) return false
    this.#drop(entry)
    return true
  }

  /** The entry stored under a key unless it has expired; an expired one is dropped. */
  #live(stored: string, now: number): Entry | undefined {
    const entry = this.#entries.get(stored)
    if (!entry || now < this.#expiresAt(entry)) return entry
    this.#drop(entry)
    return undefined
  }

  #expiresAt(entry: Entry): number {
    return Math.min(entry.usedAt + this.#idleTimeoutMs, entry.createdAt + this.#absoluteTimeoutMs)
  }

  #use(entry: Entry, now: number): Binding {
    entry.usedAt = now
    this.#recency.toFront(entry)
    return this.#snapshot(entry)
  }

  #insert(stored: string, identity: Identity, now: number): Binding {
    this.#dropExpired(now)
    if (this.#entries.size >= this.#maxEntries && this.#recency.back) this.#drop(this.#recency.back)
    return this.#add({
      key: ownedCopy(stored),
      identity,
      version: ++this.#lastVersion,
      createdAt: now,
      movedAt: undefined,
      usedAt: now,
      newer: undefined,
      older: undefined,
    })
  }

  #replace(entry: Entry, identity: Identity, now: number): Binding {
    this.#recency.remove(entry)
    return this.#add({ ...entry, identity, version: ++this.#lastVersion, movedAt: now, usedAt: now })
  }

  #add(entry: Entry): Binding {
    this.#entries.set(entry.key, entry)
    this.#recency.addFront(entry)
    return this.#snapshot(entry)
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#recency.remove(entry)
  }

  #dropExpired(now: number): void {
    for (let dropped = 0; dropped < EXPIRED_DROPPED_PER_INSERT; dropped++) {
      const oldest = this.#recency.back
      if (!oldest || now < this.#expiresAt(oldest)) return
      this.#drop(oldest)
    }
  }

  #snapshot(entry: Entry): Binding {
    const { identity, version, createdAt, movedAt } = entry
    const expiresAt = this.#expiresAt(entry)
    return movedAt === undefined
      ? { identity, version, createdAt, expiresAt }
      : { identity, version, createdAt, movedAt, expiresAt }
  }
}
