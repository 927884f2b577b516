/**
 * Every code a {@link StickyError} can carry. Codes are stable: match on them, not on messages.
 *
 * - `invalid-option`: an option is unknown, of the wrong type or out of range; the message names it.
 * - `invalid-endpoint`: an endpoint given to a discovery or an endpoint set is malformed.
 * - `duplicate-identity`: two endpoints of one set have the same identity.
 * - `closed`: a method other than `close()` was called after `close()`.
 * - `body-consumed`: the request's body was read before it reached the proxy, so it cannot be forwarded.
 * - `connect-failed`, `connect-timeout`: no connection to the endpoint could be opened.
 * - `request-malformed`: the request could be read in more than one way, and is refused before it is routed.
 * - `upstream-reset`: the endpoint closed the connection before its answer was complete.
 * - `upstream-malformed`: what the endpoint sent is no HTTP, or its head is over the limit.
 * - `upstream-timeout`: the endpoint did not answer, or stopped in the middle, for longer than the limit.
 * - `endpoint-busy`: the endpoint has as many requests as it may, and the wait for it was too long or its queue full.
 * - `gateway-exhausted`: this process has no descriptor or memory left for a connection; says nothing of the endpoint.
 * - `handler-failed`: a function that the gateway was given, such as a hook or a routing, threw; see `cause`.
 * - `invalid-header`: a hook wanted to write a header that cannot be sent.
 * - `client-aborted`: the client went away before the answer was complete.
 * - `client-stalled`: the client stopped reading the answer for longer than the limit.
 * - `table-timeout`: the sticky table did not answer within its limit.
 * - `table-away`: the server of the table did not answer, and is not asked for the time being.
 * - `table-failed`: the server of the table could not be asked, or answered with an error; the message says what to do.
 * - `table-value`: a stored binding is damaged, or of a newer format.
 * - `table-not-empty`: a snapshot can be restored only into an empty table.
 * - `snapshot-damaged`: a saved table is cut short, altered, or no saved table.
 * - `snapshot-version`: a saved table was written by a newer version.
 * - `endpoints-file`: a file of endpoints cannot be read or is not as expected.
 * - `dns`: a DNS name could not be resolved; the message says why.
 * - `kubernetes`: the Kubernetes API could not be asked, refused, or sent what is not expected; the message says what to do.
 * - `proxy-config`: the text of a proxy's config is broken, or has no mapping that could be computed; the message names the line.
 * - `check-failed`: a health check of an endpoint failed.
 * - `not-supported`: the table of the pool lacks the capability that the call needs.
 * - `unknown-identity`: no endpoint of the pool has this identity.
 *
 * @public
 */
export type StickyErrorCode =
  | 'invalid-option'
  | 'invalid-endpoint'
  | 'duplicate-identity'
  | 'closed'
  | 'body-consumed'
  | 'connect-failed'
  | 'connect-timeout'
  | 'request-malformed'
  | 'upstream-reset'
  | 'upstream-malformed'
  | 'upstream-timeout'
  | 'endpoint-busy'
  | 'gateway-exhausted'
  | 'handler-failed'
  | 'invalid-header'
  | 'client-aborted'
  | 'client-stalled'
  | 'table-timeout'
  | 'table-away'
  | 'table-failed'
  | 'table-value'
  | 'table-not-empty'
  | 'snapshot-damaged'
  | 'snapshot-version'
  | 'endpoints-file'
  | 'dns'
  | 'kubernetes'
  | 'proxy-config'
  | 'check-failed'
  | 'not-supported'
  | 'unknown-identity'

const brand = Symbol.for('limpet.StickyError')

/**
 * The only error class of Limpet. Expected outcomes of routing are results (see `Route`), not errors.
 *
 * @public
 */
export class StickyError extends Error {
  static {
    Object.defineProperty(StickyError.prototype, brand, { value: true })
  }

  override readonly name = 'StickyError'
  /** What went wrong, as a stable code. */
  readonly code: StickyErrorCode

  constructor(code: StickyErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** True for a `StickyError` of any copy of this package in the process, so that two versions agree. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}
