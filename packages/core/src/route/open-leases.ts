import type { Clock } from '../clock.ts'
import type { Binding, Version } from '../table/sticky-table.ts'

/** What stands in {@link OpenLeases}: a lease on a bound key whose stream has not ended. */
export interface OpenLease {
  readonly key: string | undefined
  readonly binding: Binding | undefined
  /** The downstream connection, where its coming counted as use and its streams do not. */
  readonly connection: object | undefined
  /** When to touch next. Set by the first sweep that sees the lease; undefined before, and for ever if the stream is short. */
  touchAt: number | undefined
  /** Neighbours, undefined at the ends and outside. */
  before: OpenLease | undefined
  after: OpenLease | undefined
}

/** A binding is touched each time this share of its life has passed: DESIGN rule 12, at most once per quarter. */
const TOUCH_SHARE = 1 / 4
/** Sweeps come twice per touch, so that a touch is late by at most an eighth of the life. */
const SWEEP_SHARE = 1 / 8
const LONGEST_SWEEP_MS = 1_000
const SHORTEST_SWEEP_MS = 10

/**
 * The leases that have not ended. An open stream (WebSocket, server-sent events, a long download) counts as use of its
 * key: sweeps touch the bindings of streams that outlast a share of their binding's life. Requests shorter than a sweep
 * cost a few pointer writes and no timer; an idle pool has no timer at all.
 */
export class OpenLeases {
  readonly #clock: Clock
  readonly #touch: (key: string, binding: Binding) => void
  #first: OpenLease | undefined
  #size = 0
  /**
   * The longest life of a binding seen here: in effect the idle timeout, which all bindings of a table share. The life of
   * one binding would not do: near its absolute timeout it has a few milliseconds left, which no touch makes more, and
   * its open stream would have every stream swept that often.
   */
  #lifeMs = 0
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, touch: (key: string, binding: Binding) => void) {
    this.#clock = clock
    this.#touch = touch
  }

  get size(): number {
    return this.#size
  }

  /** Versions of the bindings that streams which have not ended stand on. */
  versions(): Set<Version> {
    const versions = new Set<Version>()
    for (let lease = this.#first; lease; lease = lease.after) {
      if (lease.binding) versions.add(lease.binding.version)
    }
    return versions
  }

  add(lease: OpenLease): void {
    lease.after = this.#first
    if (this.#first) this.#first.before = lease
    this.#first = lease
    this.#size++
    if (this.#cancelSweep || this.#closed) return
    this.#learnLife(lease, this.#clock.now())
    this.#sweepLater()
  }

  /** Takes out a lease that was added. If a sweep has seen its stream, the stream's end counts as use too. */
  remove(lease: OpenLease): void {
    if (lease.before) lease.before.after = lease.after
    else this.#first = lease.after
    if (lease.after) lease.after.before = lease.before
    lease.before = undefined
    lease.after = undefined
    this.#size--
    if (lease.touchAt !== undefined) this.#touchBinding(lease)
  }

  /** Ends the sweeps. Leases that are still open stay valid; their ends count as use as before. */
  close(): void {
    this.#closed = true
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    const now = this.#clock.now()
    for (let lease = this.#first; lease; lease = lease.after) {
      if (lease.touchAt === undefined) this.#learnLife(lease, now)
      else if (now >= lease.touchAt) this.#touchBinding(lease)
      else continue
      lease.touchAt = now + this.#lifeMs * TOUCH_SHARE
    }
    if (this.#first && !this.#closed) this.#sweepLater()
  }

  #learnLife({ binding }: OpenLease, now: number): void {
    if (binding) this.#lifeMs = Math.max(this.#lifeMs, binding.expiresAt - now)
  }

  #sweepLater(): void {
    const delayMs = Math.min(Math.max(this.#lifeMs * SWEEP_SHARE, SHORTEST_SWEEP_MS), LONGEST_SWEEP_MS)
    this.#cancelSweep = this.#clock.after(delayMs, () => this.#sweep())
  }

  #touchBinding({ key, binding, connection }: OpenLease): void {
    if (connection === undefined && key !== undefined && binding) this.#touch(key, binding)
  }
}
