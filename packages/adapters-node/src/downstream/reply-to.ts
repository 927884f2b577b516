import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { DownstreamRequest, DownstreamResponse } from './downstream-request.ts'
import { Http1Reply } from './http1-reply.ts'
import { Http2Reply } from './http2-reply.ts'
import type { Reply, ReplyListener } from './reply.ts'

/** The response to a request, in the version of HTTP that its client speaks. */
export function replyTo(
  request: DownstreamRequest,
  response: DownstreamResponse,
  listener: ReplyListener,
): Reply {
  if ('stream' in request) return new Http2Reply(request, response as Http2ServerResponse, listener)
  return new Http1Reply(request, response as ServerResponse, listener)
}
