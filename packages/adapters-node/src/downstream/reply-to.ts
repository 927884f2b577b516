import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DownstreamRequest, DownstreamResponse } from './downstream-request.ts'
import { Http1Reply } from './http1-reply.ts'
import type { Reply, ReplyListener } from './reply.ts'

/** The response to a request, in the version of HTTP that its client speaks. */
export function replyTo(
  request: DownstreamRequest,
  response: DownstreamResponse,
  listener: ReplyListener,
): Reply {
  return new Http1Reply(request as IncomingMessage, response as ServerResponse, listener)
}
