import type { RequestLike } from '../key/request-like.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Route } from './route.ts'

/** Options of one `route()` call. @public */
export interface RouteOptions {
  /**
   * Ends every wait of this call; the answer is then `refused` with `hold-timeout`. Read only when the call has to wait, so
   * it may be a getter that makes the signal then.
   */
  readonly signal?: AbortSignal
  /** `false` only asks: nothing is counted, and `next`, `settle` and `done` need not be called. Default `true`. */
  readonly lease?: boolean
}

/**
 * Answers requests with routes. Every adapter takes one; a pool (`createSticky`) and a router of several pools are both.
 *
 * @public
 */
export interface Routing extends AsyncDisposable {
  /**
   * Names in lower case of the headers that keys are read from: adapters pass them on whatever a client's `Connection` header
   * says. Default: none.
   */
  readonly keyHeaders?: readonly string[]
  /**
   * The route of a request: at once, without a promise, where the table answers at once and a snapshot exists. Never
   * throws or rejects for anything a request, an endpoint or a table can do.
   */
  route(request: RequestLike | Headers, options?: RouteOptions): MaybePromise<Route>
  /**
   * Refuses new requests with `closed`, ends every wait, and releases every timer and watch. Routes already given stay
   * valid. Idempotent.
   */
  close(): Promise<void>
}
