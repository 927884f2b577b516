import type { Identity } from '../endpoint/endpoint.ts'
import { AddressCounts } from './address-counts.ts'
import { BindingRows, CREATED_AT, type Fingerprint, IDENTITY, USED_AT, VERSION } from './binding-rows.ts'
import { FingerprintIndex } from './fingerprint-index.ts'
import { HalfSipHash, type HashSeed } from './half-sip-hash.ts'
import { Identities } from './identities.ts'
import { KeyCells } from './key-cells.ts'
import type { RestoredOrder } from './restored-order.ts'
import { SlotColumns } from './slot-columns.ts'
import type { Binding } from './sticky-table.ts'
import { storedKey } from './stored-key.ts'

/** What a table's bindings are kept by. */
export interface BindingsShape {
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
  readonly keys: 'fingerprint' | 'exact'
  readonly countsAddresses: boolean
  /** The secret that fingerprints depend on. */
  readonly seed: HashSeed
  readonly segmentBits: number
  readonly bucketBits: number
}

/**
 * The bindings of a memory table: rows found by the fingerprint of their key, in the order of their last use, with the
 * number of bindings of each endpoint and address. It knows when a binding ends, but neither the time nor a limit.
 */
export class Bindings {
  /** Replaced whole when the idle timeout changes: the order of last use does not depend on it. */
  shape: BindingsShape
  readonly rows: BindingRows
  readonly identities: Identities = new Identities()
  readonly addresses: AddressCounts | undefined
  /** Restored bindings that are in no order yet. */
  restoring: RestoredOrder | undefined = undefined
  readonly #hash: HalfSipHash
  readonly #index: FingerprintIndex
  readonly #addressOf: SlotColumns | undefined
  readonly #keys: KeyCells | undefined
  readonly #keyOf: SlotColumns | undefined
  /** The key sought last, where keys are kept in clear. */
  #sought = ''
  #size = 0

  constructor(shape: BindingsShape) {
    const { keys, countsAddresses, absoluteTimeoutMs, seed, segmentBits, bucketBits } = shape
    this.shape = shape
    this.rows = new BindingRows(absoluteTimeoutMs !== Number.POSITIVE_INFINITY, segmentBits)
    this.#hash = new HalfSipHash(seed)
    if (countsAddresses) {
      this.addresses = new AddressCounts(new HalfSipHash(seed), segmentBits, bucketBits)
      this.#addressOf = new SlotColumns(4, segmentBits)
    }
    if (keys === 'exact') {
      this.#keys = new KeyCells(segmentBits)
      this.#keyOf = new SlotColumns(4, segmentBits)
      this.#index = new FingerprintIndex(this.rows.columns, bucketBits, (slot) => this.#isSought(slot))
    } else this.#index = new FingerprintIndex(this.rows.columns, bucketBits)
  }

  get size(): number {
    return this.#size
  }

  /** The slot of a key, 0 if it is not bound. */
  find(key: string): number {
    const hash = this.#hash
    if (this.#keys === undefined) hash.read(key)
    else {
      this.#sought = storedKey(key)
      hash.read(this.#sought)
    }
    return this.#index.find(hash.first, hash.second, hash.third)
  }

  /** The slot of the same binding in a saved table. Its key is given where keys are kept in clear. */
  findSaved(fingerprint: Fingerprint, storedKey: string): number {
    this.#sought = storedKey
    return this.#index.find(fingerprint.first, fingerprint.second, fingerprint.third)
  }

  /** Binds the key that was sought last, and not found. */
  add(identity: Identity, address: number, now: number, version: number): number {
    const slot = this.put(this.#hash, identity, address, now, now, version)
    this.rows.recency.add(slot)
    this.rows.creation?.add(slot)
    return slot
  }

  /** As `add`, with the times of a saved binding, and into no order. */
  put(
    fingerprint: Fingerprint,
    identity: Identity,
    address: number,
    createdAt: number,
    usedAt: number,
    version: number,
  ): number {
    const slot = this.rows.take()
    this.rows.fill(slot, fingerprint, this.identities.retain(identity), createdAt, usedAt, version)
    if (this.#addressOf !== undefined) setWord(this.#addressOf, slot, address)
    if (this.#keyOf !== undefined) setWord(this.#keyOf, slot, (this.#keys as KeyCells).add(this.#sought))
    this.#index.add(slot)
    this.#size++
    return slot
  }

  /** Counts as use. */
  use(slot: number, now: number): void {
    this.rows.setUsedAt(slot, now)
    this.rows.recency.toNewest(slot)
  }

  rebind(slot: number, identity: Identity, now: number, version: number): void {
    const { rows, identities } = this
    const former = rows.identity(slot)
    rows.setIdentity(slot, identities.retain(identity))
    identities.release(former)
    rows.setVersion(slot, version)
    rows.movedAt.set(slot, now)
  }

  drop(slot: number): void {
    const { rows } = this
    this.#index.remove(slot)
    rows.recency.remove(slot)
    rows.creation?.remove(slot)
    this.identities.release(rows.identity(slot))
    const address = this.address(slot)
    if (address !== 0) this.addresses?.release(address)
    if (this.#keyOf !== undefined) this.#keys?.remove(word(this.#keyOf, slot))
    rows.give(slot)
    this.#size--
  }

  /** Ends expired bindings, `most` at most; answers how many. They stand at the old end of one of both orders. */
  dropExpired(now: number, most: number): number {
    const { recency, creation } = this.rows
    let dropped = 0
    while (dropped < most) {
      let slot = recency.newerThan(0)
      if (slot === 0) break
      if (!this.isExpired(slot, now)) {
        slot = creation?.newerThan(0) ?? 0
        if (slot === 0 || !this.isExpired(slot, now)) break
      }
      this.drop(slot)
      dropped++
    }
    return dropped
  }

  /** Ends the binding used longest ago. While a table is restored, those are used longest ago that were not used since. */
  dropOldest(): void {
    const restored = this.restoring?.any() ?? 0
    this.drop(restored === 0 ? this.rows.recency.newerThan(0) : restored)
  }

  expiresAt(slot: number): number {
    return this.endOf(this.rows.usedAt(slot), this.rows.createdAt(slot))
  }

  /** When a binding of these times ends. */
  endOf(usedAt: number, createdAt: number): number {
    return Math.min(usedAt + this.shape.idleTimeoutMs, createdAt + this.shape.absoluteTimeoutMs)
  }

  isExpired(slot: number, now: number): boolean {
    return now >= this.expiresAt(slot)
  }

  /** What a slot holds, as an object of its own. */
  binding(slot: number): Binding {
    const { rows } = this
    const identity = this.identities.of(rows.identity(slot))
    const version = asSmall(rows.version(slot))
    const createdAt = rows.createdAt(slot)
    const expiresAt = this.expiresAt(slot)
    const movedAt = rows.movedAt.at(slot)
    return asBinding(identity, version, createdAt, movedAt, expiresAt)
  }

  /** Counts as use and answers the binding, or undefined if it has expired. Each hit does it: every row is found once. */
  hit(slot: number, now: number): Binding | undefined {
    const { rows, shape } = this
    const { words, numbers, shift, mask, rowWords, rowNumbers } = rows.columns
    const segment = slot >>> shift
    const itsNumbers = numbers[segment] as Float64Array
    const numberRow = (slot & mask) * rowNumbers
    const createdAt = itsNumbers[numberRow + CREATED_AT] as number
    const absoluteEnd = createdAt + shape.absoluteTimeoutMs
    const usedAt = itsNumbers[numberRow + USED_AT] as number
    if (now >= usedAt + shape.idleTimeoutMs || now >= absoluteEnd) return undefined
    itsNumbers[numberRow + USED_AT] = now
    const idleEnd = now + shape.idleTimeoutMs
    const expiresAt = Math.min(idleEnd, absoluteEnd)
    const itsWords = words[segment] as Int32Array
    const wordRow = (slot & mask) * rowWords
    rows.recency.toNewestFrom(slot, itsWords, wordRow)
    const ordinal = itsWords[wordRow + IDENTITY] as number
    const identity = this.identities.of(ordinal)
    const version = asSmall(itsNumbers[numberRow + VERSION] as number)
    const movedAt = rows.movedAt.at(slot)
    return asBinding(identity, version, createdAt, movedAt, expiresAt)
  }

  /** The number of the client address for which a slot counts, 0 if none. */
  address(slot: number): number {
    return this.#addressOf === undefined ? 0 : word(this.#addressOf, slot)
  }

  /** The key of a slot, as it is stored, where keys are kept in clear. */
  key(slot: number): string | undefined {
    return this.#keyOf === undefined ? undefined : this.#keys?.at(word(this.#keyOf, slot))
  }

  #isSought(slot: number): boolean {
    return (this.#keys as KeyCells).holds(word(this.#keyOf as SlotColumns, slot), this.#sought)
  }
}

/** Two shapes at most, so that who reads bindings stays fast; NaN = never moved. */
function asBinding(
  identity: Identity,
  version: number,
  createdAt: number,
  movedAt: number,
  expiresAt: number,
): Binding {
  return Number.isNaN(movedAt)
    ? { identity, version, createdAt, expiresAt }
    : { identity, version, createdAt, movedAt, expiresAt }
}

/** The same number; V8 keeps one that fits 31 bits without an object of its own. */
function asSmall(version: number): number {
  return version < 2 ** 30 ? version | 0 : version
}

function word({ words, shift, mask }: SlotColumns, slot: number): number {
  return (words[slot >>> shift] as Int32Array)[slot & mask] as number
}

function setWord(columns: SlotColumns, slot: number, value: number): void {
  columns.reach(slot)
  ;(columns.words[slot >>> columns.shift] as Int32Array)[slot & columns.mask] = value
}
