import { randomBytes } from 'node:crypto'
import { FingerprintIndex } from '../fingerprint-index.ts'
import { HalfSipHash } from '../half-sip-hash.ts'
import type { Binding } from '../sticky-table.ts'
import { NearRows } from './near-rows.ts'

/** The era of an entry that may not be served: something happened to its key. */
export const DOUBTED = -1

/** Entries that eviction passes over, used ones, before it takes one all the same: a bound on the time of one insertion. */
const MOST_PASSED = 64

/**
 * A bounded number of entries, found by a fingerprint of their key, as in a memory table: no key is kept in clear. When it is
 * full, one goes that was not used since eviction last came by: a mark for each hit in place of a move in a list, which would
 * write to three rows.
 */
export class NearEntries {
  readonly rows: NearRows = new NearRows()
  readonly #most: number
  readonly #hash: HalfSipHash = randomHash()
  readonly #index: FingerprintIndex = new FingerprintIndex(this.rows.columns)
  readonly #bindings: (Binding | undefined)[] = [undefined]
  readonly #free: number[] = []
  readonly #byName: Map<string, number> | undefined
  readonly #names: string[] = []
  #hand = 0
  #size = 0
  evicted = 0

  /** `hasNames`: invalidations name keys otherwise than by themselves. */
  constructor(most: number, hasNames: boolean) {
    this.#most = most
    this.#byName = hasNames ? new Map() : undefined
  }

  get size(): number {
    return this.#size
  }

  /** The slot of a key, 0 if nothing is known of it. */
  find(key: string): number {
    const hash = this.#hash
    hash.read(key)
    return this.#index.find(hash.first, hash.second, hash.third)
  }

  named(name: string): number {
    return this.#byName === undefined ? this.find(name) : (this.#byName.get(name) ?? 0)
  }

  binding(slot: number): Binding {
    return this.#bindings[slot] as Binding
  }

  setBinding(slot: number, binding: Binding): void {
    this.#bindings[slot] = binding
  }

  doubt(slot: number): void {
    if (slot !== 0) this.rows.setEra(slot, DOUBTED)
  }

  /** Adds a doubted entry for a key that has none. */
  add(key: string, name: string, binding: Binding): number {
    if (this.#size >= this.#most) {
      this.remove(this.#leastUsed())
      this.evicted++
    }
    const slot = this.#free.pop() ?? this.#bindings.length
    this.#hash.read(key)
    const { first, second, third } = this.#hash
    this.rows.fill(slot, first, second, third, DOUBTED)
    this.#index.add(slot)
    this.#bindings[slot] = binding
    this.#size++
    if (this.#byName !== undefined) {
      const own = ownText(name)
      this.#names[slot] = own
      this.#byName.set(own, slot)
    }
    return slot
  }

  remove(slot: number): void {
    this.#index.remove(slot)
    this.#bindings[slot] = undefined
    this.#free.push(slot)
    this.#size--
    this.#byName?.delete(this.#names[slot] as string)
  }

  /** Each slot that holds an entry; the entry met may be removed meanwhile. */
  *slots(): Iterable<number> {
    for (let slot = 1; slot < this.#bindings.length; slot++) {
      if (this.#bindings[slot] !== undefined) yield slot
    }
  }

  #leastUsed(): number {
    for (let passed = 0; ; ) {
      if (++this.#hand >= this.#bindings.length) this.#hand = 1
      if (this.#bindings[this.#hand] === undefined) continue
      if (!this.rows.takeMark(this.#hand) || ++passed === MOST_PASSED) return this.#hand
    }
  }
}

function randomHash(): HalfSipHash {
  const bytes = randomBytes(16)
  return new HalfSipHash([
    bytes.readInt32LE(0),
    bytes.readInt32LE(4),
    bytes.readInt32LE(8),
    bytes.readInt32LE(12),
  ])
}

/** The same text as a string of its own: one cut out of a larger one would keep that in memory. */
function ownText(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  return copy === text ? copy : text
}
