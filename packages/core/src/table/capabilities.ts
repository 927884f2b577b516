import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { EndpointLimits } from '../hash/endpoint-hash.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Binding } from './sticky-table.ts'

/**
 * What a table may be able to do besides the {@link StickyTable} contract, each a small interface of its own. A pool asks
 * for a capability where it needs one, and says which option is of no use without it. Work over the whole table goes in
 * slices, so that requests are answered in between; bindings that stand throughout are met exactly once, those made or
 * ended meanwhile may be met or not.
 */

/** Options of work over the whole table. @public */
export interface SliceOptions {
  /** Ends the work after the slice under way; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Told after each slice. */
  readonly onProgress?: (progress: SliceProgress) => void
}

/** How far work over the whole table has come. @public */
export interface SliceProgress {
  /** Bindings (or places for them) gone through. */
  readonly done: number
  readonly total: number
}

/** Counts the keys bound to each endpoint. @public */
export interface EndpointCounts {
  /** Keys bound to the endpoint, expired ones left out as far as the table knows. Answers at once, in constant time. */
  countByEndpoint(identity: Identity): number
  /** Every identity that has bindings, with their number; also of endpoints that are gone. */
  counts(): ReadonlyMap<Identity, number>
}

/** A binding in a listing. @public */
export interface ListedBinding {
  /** The key in clear, where the table keeps it. */
  readonly key: string | undefined
  /** Tells this key from all others of the table, without disclosing it. */
  readonly fingerprint: string
  readonly binding: Binding
  /** When the key was last used, in milliseconds since the Unix epoch. */
  readonly usedAt: number
}

/** Lists bindings. @public */
export interface BindingList {
  /** Every binding, or those of one endpoint, in no order. */
  list(options?: {
    readonly identity?: Identity
    readonly signal?: AbortSignal
  }): AsyncIterable<ListedBinding>
}

/** Ends bindings in bulk. @public */
export interface BulkRelease {
  /** Ends every binding of one endpoint; resolves with how many. */
  releaseEndpoint(identity: Identity, options?: SliceOptions): Promise<number>
  /** Ends every binding; resolves with how many. */
  clear(options?: SliceOptions): Promise<number>
}

/** Moves bindings in bulk, a slice for each call, so that the caller sets the pace. @public */
export interface BulkMove {
  /**
   * Goes on at `cursor` (0 = from the start), lets `choose` see each binding, and rebinds those for which it answers an
   * identity, as `move` does: keys and creation times stay, the version changes, nothing counts as use. Ends after
   * `examine` bindings or places for them, or after `move` moves, whichever is sooner.
   */
  moveSlice(
    cursor: number,
    choose: (binding: Binding, usedAt: number) => Identity | undefined,
    most: { readonly examine: number; readonly move: number },
  ): MaybePromise<MovedSlice>
}

/** What one slice of a bulk move did. @public */
export interface MovedSlice {
  /** Where to go on; undefined = the end was reached. */
  readonly cursor: number | undefined
  readonly moved: number
}

/** Saves a table and fills a new one from what was saved, so that a restart loses no binding. @public */
export interface TableSnapshots {
  /**
   * The table as bytes, in pieces. They hold what lets their reader recognise keys (the seed of the fingerprints, or the
   * keys themselves): keep them as secret as the keys.
   */
  snapshot(options?: SliceOptions): AsyncIterable<Uint8Array>
  /**
   * Fills this table, which must be empty, and resolves with the number of bindings. Each ends when it would have ended
   * in the table it comes from.
   *
   * @throws StickyError `snapshot-damaged` for bytes that are cut short, altered or of another kind, `snapshot-version` for those
   *   of a newer version; the table is then empty
   */
  restore(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options?: SliceOptions): Promise<number>
}

/**
 * A table that stores nothing: it computes the binding of a key from the endpoints of the pool that it is attached to, and
 * answers only endpoints that take requests. No binding of it is made, moved or released.
 *
 * @public
 */
export interface ComputedBindings {
  /** How much more than its share of the requests under way an endpoint may have; undefined = any number. */
  readonly bound: number | undefined
  /**
   * Attaches the table to a pool, and answers how to tell it each of the pool's endpoint snapshots.
   *
   * @throws StickyError `invalid-option` if it is attached already
   */
  attach(): (set: EndpointSet) => void
  /** The endpoint of a key within limits: where a request goes that cannot go to the endpoint of its key. */
  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined
}

/** Remembers what it last knew, for the time in which the bindings themselves cannot be asked for. @public */
export interface LastKnown {
  /**
   * The binding of `key` as this replica last knew it, within that binding's own timeouts. Asked only when the table failed or
   * did not answer in time, and counts as use. Answers at once.
   */
  lastKnown(key: string): Binding | undefined
}

/** Says its timeouts, to what keeps times of its own for the same bindings. @public */
export interface StatedTimeouts {
  /** A binding ends when it was not used for this long, in milliseconds; `Infinity` = never. */
  readonly idleTimeoutMs: number
  /** A binding ends this long after its key was bound first, in milliseconds; `Infinity` = never. */
  readonly absoluteTimeoutMs: number
}

/** Takes another idle timeout while it is in use, as a Service's `timeoutSeconds` may change. @public */
export interface AdjustableTimeout {
  /**
   * From now on a binding ends when it was not used for `idleTimeoutMs`, at least 1 ms; `Infinity` = never, where the table
   * can. In the memory of this process that holds for the bindings that stand, too; in a shared table for each from its next use that
   * is written.
   *
   * @throws StickyError `invalid-option`
   */
  setIdleTimeout(idleTimeoutMs: number): void
}

/** Whether a table takes another idle timeout while it is in use. */
export function isAdjustable(table: object): table is AdjustableTimeout {
  return 'setIdleTimeout' in table && typeof table.setIdleTimeout === 'function'
}

/** Whether a table computes its bindings. */
export function isComputed(table: object): table is ComputedBindings {
  return 'pickWithin' in table && typeof table.pickWithin === 'function'
}

/** Confirms a count of zero, where counts are approximate. @public */
export interface ConfirmedCounts {
  /**
   * Whether no key is bound to the endpoint: looked up for this question. May cost a walk over the whole table; then by one replica at a
   * time, and false also while another one looks.
   */
  isUnbound(identity: Identity): Promise<boolean>
}

/** Whether a table confirms that an endpoint has no keys. */
export function canConfirm(table: object): table is ConfirmedCounts {
  return 'isUnbound' in table && typeof table.isUnbound === 'function'
}

/** Whether a table counts the keys of each endpoint. */
export function canCount(table: object): table is EndpointCounts {
  return 'countByEndpoint' in table && typeof table.countByEndpoint === 'function'
}

/** Whether a table moves bindings in bulk. */
export function canMoveInBulk(table: object): table is BulkMove {
  return 'moveSlice' in table && typeof table.moveSlice === 'function'
}

/** Whether a table remembers what it last knew. */
export function knowsLast(table: object): table is LastKnown {
  return 'lastKnown' in table && typeof table.lastKnown === 'function'
}

/** Whether a table says its timeouts. */
export function statesTimeouts(table: object): table is StatedTimeouts {
  const { idleTimeoutMs, absoluteTimeoutMs } = table as Partial<StatedTimeouts>
  return typeof idleTimeoutMs === 'number' && typeof absoluteTimeoutMs === 'number'
}
