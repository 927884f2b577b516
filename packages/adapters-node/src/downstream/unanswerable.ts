import type { DownstreamRequest, DownstreamResponse } from './downstream-request.ts'

/**
 * True for a request that nobody can answer any more: its client went away before it came here, or it was pipelined behind
 * one whose answer has ended the connection (RFC 9112, 9.6).
 */
export function isUnanswerable(request: DownstreamRequest, response: DownstreamResponse): boolean {
  if ('stream' in request) return request.stream.closed || request.stream.destroyed
  return response.destroyed || request.socket.writableEnded
}
