import { StickyError } from '@limpet/core'
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
