import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

/** A request as a server of `node:http`, `node:https` or `node:http2` gives it. @public */
export type DownstreamRequest = IncomingMessage | Http2ServerRequest

/** The response to a {@link DownstreamRequest}. @public */
export type DownstreamResponse = ServerResponse | Http2ServerResponse
