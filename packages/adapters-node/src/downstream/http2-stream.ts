import { constants, type Http2ServerRequest, type ServerHttp2Stream } from 'node:http2'

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

/** Breaks a response off so that the client sees that it is incomplete: `destroy()` would say NO_ERROR. */
export function cutStream(stream: ServerHttp2Stream): void {
  stream.close(NGHTTP2_INTERNAL_ERROR)
}

/**
 * To be called when the whole response was handed over: a client that still sends its body is told to stop, once the
 * response has left (RFC 9113, 8.1). What it has sent is read and thrown away, for the stream closes only then.
 */
export function stopUpload(request: Http2ServerRequest, waitsForTrailers: boolean): void {
  const { stream } = request
  if (stream.destroyed || stream.endAfterHeaders) return
  if (!request.readableEnded) {
    stream.once(waitsForTrailers ? 'wantTrailers' : 'finish', () => {
      // node sends trailers in an immediate of its own, which was queued before this one.
      setImmediate(() => {
        if (!stream.closed) stream.close(NGHTTP2_NO_ERROR)
      })
    })
  }
  request.resume()
}
