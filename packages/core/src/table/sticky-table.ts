import type { Identity } from '../endpoint/endpoint.ts'
import type { MaybePromise } from '../maybe-promise.ts'

/**
 * Tells one state of a binding from every other of the same key, before and after it. Opaque: compare, never order.
 *
 * @public
 */
export type Version = string | number

/**
 * Key → endpoint, as a table answered it: a snapshot that later uses and moves of the key do not change.
 *
 * @public
 */
export interface Binding {
  readonly identity: Identity
  readonly version: Version
  /** When the key was bound first, in milliseconds since the Unix epoch; a move keeps it. */
  readonly createdAt: number
  /** When the key was last moved; absent if never. */
  readonly movedAt?: number
  /** When the binding ends unless it is used again: the sooner of idle and absolute timeout. `Infinity` = never. */
  readonly expiresAt: number
}

/**
 * Key → binding, one table per pool. Every method is safe to call concurrently, also from other replicas that share the
 * table; an expired binding is the same as none. A method throws or rejects only if the table itself failed; the pool
 * then follows its `onTableError`.
 *
 * @public
 */
export interface StickyTable {
  /**
   * Who else can see these bindings: `process` = nobody, so a pool may move them on its own evidence alone; `shared` =
   * other replicas, whose view a pool must not overrule before its evidence is confirmed. Default `shared`, the safe one.
   */
  readonly scope?: 'process' | 'shared'
  /** True if claims are to tell the client's address, which costs reading it. Default `false`. */
  readonly needsAddress?: boolean
  /** The binding of `key`, or undefined. Counts as use: the idle timeout starts again. */
  lookup(key: string): MaybePromise<Binding | undefined>
  /**
   * The binding of `key`; binds it to `candidate` if there is none. Atomic across every replica that shares the table:
   * of any number of concurrent claims exactly one answers `created: true` and all answer the same binding. Counts as use.
   * A new binding counts for `address`, the client's, where the table bounds bindings per address. A table that has no
   * room for a new binding, and ends no other for it, answers which limit was met.
   */
  claim(key: string, candidate: Identity, address?: string): MaybePromise<Claim>
  /**
   * Rebinds `key` to `to`, but only if exactly `from` (its version) still stands, and answers what then stands. A key
   * without a binding is claimed for `to`, with `moved: true` for the one that did it. Keeps `createdAt`, so a move
   * does not extend the absolute timeout.
   */
  move(key: string, from: Binding, to: Identity, address?: string): MaybePromise<Move>
  /** Counts as use without asking: open streams. Does nothing if `binding` (its version) no longer stands. */
  touch(key: string, binding: Binding): MaybePromise<void>
  /** Ends the binding of `key`; with `from`, only if that one still stands. Answers whether a binding was ended. */
  release(key: string, from?: Binding): MaybePromise<boolean>
}

/**
 * What a claim answers: the binding that stands, and whether this claim made it; or, without one, the limit that left no
 * room for it: `table` = as many bindings as the table holds, `address` = as many as one client address may have.
 *
 * @public
 */
export type Claim =
  | { readonly binding: Binding; readonly created: boolean }
  | { readonly binding: undefined; readonly created: false; readonly full: TableLimit }

/** What a move answers; see {@link Claim} for the limits, which only the claim of an absent key can meet. @public */
export type Move =
  | { readonly binding: Binding; readonly moved: boolean }
  | { readonly binding: undefined; readonly moved: false; readonly full: TableLimit }

/** @public */
export type TableLimit = 'table' | 'address'
