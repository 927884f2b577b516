import type { HeadersLike, RequestLike } from './request-like.ts'

/**
 * The request itself if it has headers; a `Headers` object or a bare record of headers becomes a request of headers alone.
 */
export function asRequest(request: RequestLike | HeadersLike): RequestLike {
  // A header of the name `headers` has a text or a list as value, never headers.
  const { headers } = request as RequestLike
  const isRequest = typeof headers === 'object' && headers !== null && !Array.isArray(headers)
  return isRequest ? (request as RequestLike) : { headers: request as HeadersLike }
}
