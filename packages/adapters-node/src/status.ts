import type { RefusalReason, StickyErrorCode } from '@limpet/core'

/** What a request can be answered with instead of a pod's response. @public */
export type ProxyErrorCode = RefusalReason | StickyErrorCode | 'head-too-large'

/**
 * The HTTP status of every error answer. A refused route's own `status` outranks it. A code that is not here is 500.
 *
 * @public
 */
export const STATUS_OF_CODE: { readonly [Code in ProxyErrorCode]?: number } = {
  'bad-key': 400,
  'ambiguous-key': 400,
  'request-malformed': 400,
  'client-stalled': 408,
  'head-too-large': 431,
  'no-rule': 404,
  'body-consumed': 500,
  'handler-failed': 500,
  'invalid-header': 500,
  'upstream-reset': 502,
  'upstream-malformed': 502,
  'connect-failed': 502,
  'connect-timeout': 504,
  'upstream-timeout': 504,
  lost: 503,
  'no-endpoints': 503,
  'at-capacity': 503,
  'hold-timeout': 503,
  'queue-full': 503,
  'table-unavailable': 503,
  'endpoint-busy': 503,
  'gateway-exhausted': 503,
  closed: 503,
}
