import type { Placement } from '../balance/placement.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import type { Member } from '../endpoint/pool-snapshot.ts'
import type { Pool } from '../pool.ts'
import type { CheckedStickyOptions } from '../sticky-options.ts'
import { knowsLast, type LastKnown, type StatedTimeouts, statesTimeouts } from '../table/capabilities.ts'
import type { LeaseTable } from './lease-table.ts'
import type { RequestLease } from './request-lease.ts'

/** What was served without the table is offered to it. */
interface Offer {
  readonly identity: Identity
  readonly address: string | undefined
  readonly servedAt: number
}

/** Keys whose endpoints are remembered at most; of more, those that came first are forgotten. */
const MOST_OFFERS = 10_000
/** While the table does not answer, one offer is tried this often. */
const PROBE_MS = 1_000
/** Then so many at once, with a pause after them: 1 280 a second at most, beside the requests. */
const OFFERS_AT_ONCE = 64
const PAUSE_MS = 50

/**
 * How a pool goes on while its table fails, under `onTableError`, and what it tells the table afterwards: the keys that were served
 * meanwhile are claimed for the endpoints that served them, a few at a time. A claim overrules nobody: what is bound stays.
 */
export class Outage {
  readonly #pool: Pool
  readonly #table: LeaseTable
  readonly #placement: Placement
  readonly #clock: Clock
  readonly #policy: CheckedStickyOptions['onTableError']
  readonly #lastKnown: LastKnown | undefined
  readonly #timeouts: StatedTimeouts | undefined
  readonly #offers = new Map<string, Offer>()
  #cancel: (() => void) | undefined
  #isOffering = false
  #isClosed = false

  constructor(options: CheckedStickyOptions, pool: Pool, leaseTable: LeaseTable, placement: Placement) {
    const { clock, table, onTableError } = options
    this.#pool = pool
    this.#table = leaseTable
    this.#placement = placement
    this.#clock = clock
    this.#policy = onTableError
    this.#lastKnown = knowsLast(table) ? table : undefined
    this.#timeouts = statesTimeouts(table) ? table : undefined
  }

  /** The endpoint of a request that goes on without the table: where its key was bound last, else by the hash that all replicas share. */
  pick(lease: RequestLease): Member | undefined {
    // The table answered, and had no room for the key.
    if (lease.tableError === undefined) return this.#placement.pickByHash(lease)
    if (this.#policy === 'balance') return this.#placement.pick(lease)
    return this.#usable(this.#lastIdentity(lease.key), lease) ?? this.#placement.pickByHash(lease)
  }

  /** Where a key without binding was served while the table was away, if it may still go there. */
  servedBefore(lease: RequestLease): Member | undefined {
    if (this.#offers.size === 0 || lease.key === undefined) return undefined
    return this.#usable(this.#offers.get(lease.key)?.identity, lease)
  }

  /** A request was answered without the table. */
  served(lease: RequestLease, identity: Identity): void {
    const { key, binding } = lease
    // One that has seen the binding of its key made a detour: the table knows better.
    if (key === undefined || binding !== undefined || this.#policy !== 'fallback' || this.#isClosed) return
    this.#offers.delete(key)
    const address = this.#table.addressOf(lease)
    this.#offers.set(key, { identity, address, servedAt: this.#clock.now() })
    if (this.#offers.size > MOST_OFFERS) this.#offers.delete(this.#offers.keys().next().value as string)
    if (!this.#isOffering) this.#offerAfter(PROBE_MS, 1)
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#offers.clear()
  }

  #offerAfter(delayMs: number, count: number): void {
    this.#isOffering = true
    this.#cancel = this.#clock.after(delayMs, () => void this.#offer(count))
  }

  async #offer(count: number): Promise<void> {
    const claims: Promise<boolean>[] = []
    for (const [key, offer] of this.#offers) {
      if (claims.length === count) break
      if (this.#isStale(offer)) this.#offers.delete(key)
      else claims.push(this.#claim(key, offer))
    }
    const isAnswering = (await Promise.all(claims)).every(Boolean)
    if (this.#isClosed || this.#offers.size === 0) this.#isOffering = false
    else if (isAnswering) this.#offerAfter(PAUSE_MS, OFFERS_AT_ONCE)
    else this.#offerAfter(PROBE_MS, 1)
  }

  async #claim(key: string, offer: Offer): Promise<boolean> {
    const isAnswered = await this.#table.tryClaim(key, offer.identity, offer.address)
    if (isAnswered && this.#offers.get(key) === offer) this.#offers.delete(key)
    return isAnswered
  }

  #isStale({ identity, servedAt }: Offer): boolean {
    return (
      this.#clock.now() - servedAt >= (this.#timeouts?.idleTimeoutMs ?? Number.POSITIVE_INFINITY) ||
      this.#pool.endpoints.current?.find(identity)?.isUsable !== true
    )
  }

  #lastIdentity(key: string | undefined): Identity | undefined {
    try {
      return key === undefined ? undefined : this.#lastKnown?.lastKnown(key)?.identity
    } catch {
      // A table that fails may fail in this, too; that it fails is reported already.
      return undefined
    }
  }

  #usable(identity: Identity | undefined, lease: RequestLease): Member | undefined {
    if (identity === undefined || lease.hasTried(identity)) return undefined
    const member = this.#pool.endpoints.current?.find(identity)
    return member?.isUsable ? member : undefined
  }
}
