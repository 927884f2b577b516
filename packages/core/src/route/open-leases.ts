import type { Clock } from '../clock.ts'
import type { Binding } from '../table/sticky-table.ts'

/** What stands in {@link OpenLeases}: a lease on a bound key whose stream has not ended. */
export interface OpenLease {
  readonly key: string | undefined
  readonly binding: Binding | undefined
  /** Set by the first sweep that sees the lease; undefined before, and for ever if the stream is short. */
  touches: TouchSchedule | undefined
  /** Neighbours, undefined at the ends and outside. */
  before: OpenLease | undefined
  after: OpenLease | undefined
}

interface TouchSchedule {
  readonly everyMs: number
  nextAt: number
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
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, touch: (key: string, binding: Binding) => void) {
    this.#clock = clock
    this.#touch = touch
  }

  get size(): number {
    return this.#size
  }

  add(lease: OpenLease): void {
    lease.after = this.#first
    if (this.#first) this.#first.before = lease
    this.#first = lease
    this.#size++
    if (!this.#cancelSweep && !this.#closed) this.#sweepAfter(this.#lifeLeft(lease, this.#clock.now()))
  }

  /** Takes out a lease that was added. If a sweep has seen its stream, the stream's end counts as use too. */
  remove(lease: OpenLease): void {
    if (lease.before) lease.before.after = lease.after
    else this.#first = lease.after
    if (lease.after) lease.after.before = lease.before
    lease.before = undefined
    lease.after = undefined
    this.#size--
    if (lease.touches) this.#touchBinding(lease)
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
    let shortestLife = Number.POSITIVE_INFINITY
    for (let lease = this.#first; lease; lease = lease.after) {
      lease.touches ??= this.#schedule(lease, now)
      shortestLife = Math.min(shortestLife, lease.touches.everyMs / TOUCH_SHARE)
      if (now < lease.touches.nextAt) continue
      lease.touches.nextAt = now + lease.touches.everyMs
      this.#touchBinding(lease)
    }
    if (this.#first && !this.#closed) this.#sweepAfter(shortestLife)
  }

  #schedule(lease: OpenLease, now: number): TouchSchedule {
    const everyMs = this.#lifeLeft(lease, now) * TOUCH_SHARE
    return { everyMs, nextAt: now + everyMs }
  }

  #sweepAfter(lifeMs: number): void {
    const delayMs = Math.min(Math.max(lifeMs * SWEEP_SHARE, SHORTEST_SWEEP_MS), LONGEST_SWEEP_MS)
    this.#cancelSweep = this.#clock.after(delayMs, () => this.#sweep())
  }

  #lifeLeft({ binding }: OpenLease, now: number): number {
    return binding ? Math.max(0, binding.expiresAt - now) : Number.POSITIVE_INFINITY
  }

  #touchBinding({ key, binding }: OpenLease): void {
    if (key !== undefined && binding) this.#touch(key, binding)
  }
}
