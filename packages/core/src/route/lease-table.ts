import { channels } from '../channels.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Pool } from '../pool.ts'
import type { CheckedStickyOptions } from '../sticky-options.ts'
import { GuardedTable, type Step } from '../table/guarded-table.ts'
import type { Binding, Claim, Move } from '../table/sticky-table.ts'
import { ConnectionBindings } from './connection-bindings.ts'
import type { RequestLease } from './request-lease.ts'
import type { Route } from './route.ts'

/** How a request goes on with what the table answered. */
type Next<Answer> = Step<RequestLease, Answer, Route>

/** The sticky table as leases deal with it: what the table answers is followed, and whatever it does wrong is survived. */
export class LeaseTable {
  readonly #options: CheckedStickyOptions
  readonly #pool: Pool
  readonly #table: GuardedTable<RequestLease, Route>
  /** Undefined where every request counts as use, and asks the table. */
  readonly #connections: ConnectionBindings | undefined

  /** `failed`: how a request goes on without the table. */
  constructor(options: CheckedStickyOptions, pool: Pool, failed: Next<unknown>) {
    this.#options = options
    this.#pool = pool
    const { countsAsUse } = options
    this.#connections = countsAsUse === 'request' ? undefined : new ConnectionBindings(countsAsUse)
    this.#table = new GuardedTable(options.table, {
      timeoutMs: options.tableTimeoutMs,
      clock: options.clock,
      failed,
      ended: (lease) =>
        pool.isClosed
          ? lease.refuse('closed', 'the pool was closed')
          : lease.refuse('hold-timeout', 'the request was aborted while it waited for the table'),
      report: (operation, error) => {
        if (!channels.tableError.hasSubscribers) return
        channels.tableError.publish({ pool: options.name, operation, error })
      },
    })
  }

  lookup(lease: RequestLease, next: Next<Binding | undefined>): MaybePromise<Route> {
    const known = this.#connections?.find(lease)
    // Where its endpoint is lost, the table may know another one by now: of another replica, or of an operator.
    if (known && this.#pool.endpoints.current?.find(known.identity)?.isUsable) return next(lease, known)
    return this.#table.lookup(lease.key as string, lease, next)
  }

  claim(lease: RequestLease, { identity }: Endpoint, next: Next<Claim>): MaybePromise<Route> {
    return this.#table.claim(lease.key as string, identity, this.addressOf(lease), lease, next)
  }

  move(lease: RequestLease, from: Binding, { identity }: Endpoint, next: Next<Move>): MaybePromise<Route> {
    return this.#table.move(lease.key as string, from, identity, this.addressOf(lease), lease, next)
  }

  /** Claims what no request waits for; answers whether the table answered. */
  tryClaim(key: string, identity: Identity, address: string | undefined): Promise<boolean> {
    return this.#table.tryClaim(key, identity, address)
  }

  touch(key: string, binding: Binding): MaybePromise<void> {
    return this.#table.tryTouch(key, binding)
  }

  /** A request is given an endpoint; `isHome`: the one that its binding names. */
  served(lease: RequestLease, isHome: boolean): void {
    this.#connections?.note(lease, isHome)
  }

  /** Another endpoint served than the one that the lease's binding names: the binding follows, if it still stands. */
  correct(lease: RequestLease, servedBy: Identity): MaybePromise<void> {
    if (this.#pool.endpoints.current?.find(servedBy)) return this.#tryMove(lease, servedBy, 'corrected')
  }

  /** Nobody answered the request: what it bound is unbound, what it moved is put back, if it still stands. */
  takeBack(lease: RequestLease): MaybePromise<void> {
    const { key, binding, replaced } = lease
    if (key === undefined || !binding || !replaced) return
    this.#connections?.forget(lease)
    const wasListed = replaced !== 'nothing' && this.#pool.endpoints.current?.find(replaced.identity)
    if (wasListed) return this.#tryMove(lease, replaced.identity, 'restored')
    return this.#table.tryRelease(key, binding)
  }

  /** The client's address, where the table counts bindings by it. */
  addressOf({ request }: RequestLease): string | undefined {
    const { table, clientAddress } = this.#options
    if (!table.needsAddress) return undefined
    const address = clientAddress.read(request)
    return typeof address === 'string' ? address : undefined
  }

  close(): void {
    this.#table.close()
  }

  #tryMove(lease: RequestLease, to: Identity, cause: 'corrected' | 'restored'): MaybePromise<void> {
    const { key, binding: from } = lease
    if (key === undefined || !from) return
    return this.#table.tryMove(key, from, to, (binding) => {
      lease.binding = binding
      this.#connections?.forget(lease)
      this.#pool.moved(from.identity, to, cause)
    })
  }
}
