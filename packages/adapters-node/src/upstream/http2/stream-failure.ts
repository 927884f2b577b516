import { constants } from 'node:http2'
import type { UpstreamFailure } from '../upstream.ts'

const {
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_FRAME_SIZE_ERROR,
  NGHTTP2_COMPRESSION_ERROR,
  NGHTTP2_REFUSED_STREAM,
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
} = constants

/** What is known of a stream that has ended without a whole response. */
export interface BrokenStream {
  readonly rstCode: number
  readonly cause: NodeJS.ErrnoException | undefined
  readonly isUnanswered: boolean
  /** A GOAWAY says that the pod has not looked at the stream, or it was never sent. */
  readonly isBeyondEnd: boolean
  readonly maxHeadBytes: number
}

/** Why a stream has failed (RFC 9113, 7 and 8.7). */
export function streamFailure(broken: BrokenStream): UpstreamFailure {
  const { rstCode, cause, isUnanswered, isBeyondEnd } = broken
  const isUnprocessed = isUnanswered && (rstCode === NGHTTP2_REFUSED_STREAM || isBeyondEnd)
  const malformed = isUnprocessed ? undefined : malformation(broken)
  return {
    code: malformed === undefined ? 'upstream-reset' : 'upstream-malformed',
    message: malformed ?? resetMessage(rstCode, cause),
    cause,
    isUnanswered,
    isUnprocessed,
  }
}

/** Broken rules of HTTP/2; undefined if none was broken. nghttp2 resets the stream, or ends the connection, by itself. */
function malformation({ rstCode, cause, isUnanswered, maxHeadBytes }: BrokenStream): string | undefined {
  if (cause?.code === 'ERR_HTTP2_ERROR') return "the endpoint's frames are no HTTP/2"
  switch (rstCode) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
      return "the endpoint's response, or our request to it, breaks a rule of HTTP/2"
    case NGHTTP2_ENHANCE_YOUR_CALM:
      // node resets so where a head is over the limit; whether the pod did cannot be told apart.
      return isUnanswered
        ? `the endpoint's head is longer than ${maxHeadBytes} bytes (option "forward.maxHeadBytes"), or it asks for calm`
        : undefined
    default:
      return undefined
  }
}

function resetMessage(rstCode: number, cause: NodeJS.ErrnoException | undefined): string {
  if (rstCode === NGHTTP2_REFUSED_STREAM) return 'the endpoint refused the request'
  if (cause === undefined && (rstCode === NGHTTP2_NO_ERROR || rstCode === NGHTTP2_CANCEL)) {
    return 'the endpoint ended the stream, or its connection, before the response was complete'
  }
  return 'the endpoint reset the stream'
}
