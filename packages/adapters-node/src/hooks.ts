import { type ServedRoute, StickyError } from '@limpet/core'
import type { DownstreamRequest } from './downstream/downstream-request.ts'
import { type HeaderFields, RawHeaderFields } from './headers/header-fields.ts'
import type { RequestHead } from './headers/request-head.ts'

/** The head of a request on its way to a pod, as `onRequestHead` may change it. @public */
export interface OutgoingRequestHead {
  readonly method: string
  /** The target in origin form; rewritten by the option `path`. */
  readonly target: string
  readonly headers: HeaderFields
}

/** The head of a response on its way to the client, as `onResponseHead` may change it. @public */
export interface OutgoingResponseHead {
  readonly status: number
  readonly headers: HeaderFields
}

/** What a hook is told of the exchange that it looks at. @public */
export interface HookContext {
  /** The client's request. Its body is not to be read. */
  readonly request: DownstreamRequest
  /** Where the request goes, or the response comes from. */
  readonly route: ServedRoute
}

/** The hooks of `forward()`. */
export interface Hooks {
  readonly onRequestHead: ((head: OutgoingRequestHead, context: HookContext) => void) | undefined
  readonly onResponseHead: ((head: OutgoingResponseHead, context: HookContext) => void) | undefined
}

/** Lets the hook look at the head of a request; a request without a hook pays nothing. Throws what the hook throws. */
export function tellRequestHead(
  { onRequestHead }: Hooks,
  { method, target, headers }: RequestHead,
  request: DownstreamRequest,
  route: ServedRoute,
): void {
  if (!onRequestHead) return
  const head = { method, target, headers: new RawHeaderFields(headers) }
  hasEnded('onRequestHead', onRequestHead(head, { request, route }))
}

/** The same for the head of a response. */
export function tellResponseHead(
  { onResponseHead }: Hooks,
  status: number,
  headers: string[],
  request: DownstreamRequest,
  route: ServedRoute,
): void {
  if (!onResponseHead) return
  const head = { status, headers: new RawHeaderFields(headers) }
  hasEnded('onResponseHead', onResponseHead(head, { request, route }))
}

/** A hook that goes on later would change a head that is on its way, and end the process if it fails. */
function hasEnded(option: string, result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => undefined)
  throw new StickyError(
    'handler-failed',
    `forward.${option}: expected a function that answers at once, got a promise`,
  )
}
