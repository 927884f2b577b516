import { cutResponse } from '../error-answer.ts'
import type { DownstreamResponse } from './downstream-request.ts'

/**
 * Cuts the client of an ended response that takes no byte of it for `idleTimeoutMs`. The pod is let go when it has sent its
 * last byte, so that what still waits here for the client has nobody else's time limit: node has none of its own, and the
 * lease would be held for as long as the client likes.
 */
export function cutIfUnread(response: DownstreamResponse, idleTimeoutMs: number): void {
  // What the kernel took needs nobody's patience.
  if (response.writableLength > 0) response.setTimeout(idleTimeoutMs, () => cutResponse(response))
}
