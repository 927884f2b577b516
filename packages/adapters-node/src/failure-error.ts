import { StickyError } from '@limpet/core'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import type { CheckedForwardOptions } from './options.ts'
import type { UpstreamFailure } from './upstream/upstream.ts'

/**
 * What the client is told of a failed exchange. `waitsForContinue`: it has sent no body and waits for 100 Continue; then its
 * silence is the pod's, who had to speak.
 */
export function failureError(
  { code, message, cause }: UpstreamFailure,
  waitsForContinue: boolean,
): StickyError {
  if (code === 'client-stalled' && waitsForContinue) {
    return new StickyError('upstream-timeout', 'the endpoint did not say in time whether it wants the body')
  }
  return new StickyError(code, message, { cause })
}

/** What the client is told of what a hook, another option function or the routing threw. */
export function handlerError(cause: unknown): StickyError {
  if (cause instanceof StickyError) return cause
  return new StickyError('handler-failed', 'a function of the gateway failed', { cause })
}

/** What the client is told where the gateway itself has read the body already. */
export function bodyConsumed(): StickyError {
  const message =
    'the body of the request was read before it reached the proxy: mount the proxy before body parsers'
  return new StickyError('body-consumed', message)
}

/** Whether `onError` says that it has answered; it must not end the process, nor leave the client without an answer. */
export function isAnsweredBy(
  onError: CheckedForwardOptions['onError'],
  error: StickyError,
  request: DownstreamRequest,
  response: DownstreamResponse,
): boolean {
  try {
    return onError?.(error, request, response) ?? false
  } catch {
    return false
  }
}
