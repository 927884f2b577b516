import type { RequestLike } from '../key/request-like.ts'
import type { Binding } from '../table/sticky-table.ts'
import type { RequestLease } from './request-lease.ts'

/**
 * What counts as use of a binding, and so starts its idle timeout again: `request` = every request, and a stream for as long as it is
 * open; `connection` = the first request of a downstream connection, as kube-proxy counts it for `sessionAffinity: ClientIP`. A
 * function chooses for each request; it answers at once and never throws.
 *
 * @public
 */
export type CountsAsUse = UseUnit | ((request: RequestLike) => UseUnit)

/** @public */
export type UseUnit = 'request' | 'connection'

interface Remembered {
  readonly key: string
  readonly binding: Binding
}

/**
 * The binding that each downstream connection goes by, where a connection counts as use and not each of its requests. The last key
 * of a connection is remembered: one that carries many clients in turn, as that of a proxy, is like many connections.
 */
export class ConnectionBindings {
  readonly #unitOf: (request: RequestLike) => UseUnit
  readonly #remembered = new WeakMap<object, Remembered>()

  constructor(countsAsUse: CountsAsUse) {
    this.#unitOf = typeof countsAsUse === 'function' ? countsAsUse : () => countsAsUse
  }

  /** The binding by which the connection of this request goes; undefined for its first request, which counts as use. */
  find(lease: RequestLease): Binding | undefined {
    const { request, key } = lease
    const connection = request.stream?.session ?? request.socket
    if (connection === undefined || this.#unitOf(request) !== 'connection') return undefined
    lease.connection = connection
    const remembered = this.#remembered.get(connection)
    // A request comes back here when its endpoint failed: then the table is asked for what stands.
    return remembered?.key === key && lease.failures === 0 ? remembered?.binding : undefined
  }

  /** Called with every endpoint that a request is given: the connection goes by a binding only while it leads there. */
  note({ connection, key, binding }: RequestLease, isHome: boolean): void {
    if (connection === undefined || key === undefined) return
    if (isHome && binding !== undefined) this.#remembered.set(connection, { key, binding })
    else this.#remembered.delete(connection)
  }

  /** The next request of the connection asks the table. */
  forget({ connection }: RequestLease): void {
    if (connection !== undefined) this.#remembered.delete(connection)
  }
}
