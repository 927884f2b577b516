import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { answerError, type ErrorAnswer } from '../error-answer.ts'
import { grpcTrailers, isGrpc } from '../headers/grpc.ts'
import { http2Fields, http2Trailers, withoutDoubles } from '../headers/http2-fields.ts'
import { cutStream, stopUpload } from './http2-stream.ts'
import type { Reply, ReplyListener } from './reply.ts'

const { NGHTTP2_NO_ERROR } = constants

/** A response in HTTP/2, on its stream: node's response object is there for the sake of compatibility, and slow. */
export class Http2Reply implements Reply {
  isEnded = false
  readonly #request: Http2ServerRequest
  readonly #response: Http2ServerResponse
  readonly #stream: ServerHttp2Stream
  #waitsForTrailers = false

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, listener: ReplyListener) {
    const { stream } = request
    this.#request = request
    this.#response = response
    this.#stream = stream
    stream.on('drain', () => listener.caughtUp())
    stream.once('close', () =>
      listener.closed(this.isEnded && stream.writableFinished && stream.rstCode === NGHTTP2_NO_ERROR),
    )
  }

  interim(status: number, headers: readonly string[]): void {
    const stream = this.#stream
    if (stream.headersSent || stream.closed) return
    const fields = withoutDoubles(http2Fields(headers))
    fields[':status'] = status
    try {
      stream.additionalHeaders(fields)
    } catch {
      // One that HTTP/2 cannot send is no loss: it may always be left out (RFC 9110, 15.2).
    }
  }

  head(
    status: number,
    _reason: string,
    headers: string[],
    _endsConnection: boolean,
    body: Buffer | 'here' | 'later',
  ): void {
    const stream = this.#stream
    if (stream.closed) return
    const fields = http2Fields(headers)
    fields[':status'] = status
    // A body of known length has trailers only where they are announced: one frame less for all the others.
    this.#waitsForTrailers =
      typeof body === 'string' && (fields['content-length'] === undefined || fields.trailer !== undefined)
    const options = {
      endStream: typeof body !== 'string' && body.length === 0,
      waitForTrailers: this.#waitsForTrailers,
    }
    try {
      stream.respond(fields, options)
    } catch (error) {
      if (!isRepetition(error)) throw error
      stream.respond(withoutDoubles(fields), options)
    }
  }

  /** Nothing to do: node sends the head at the end of this turn of the event loop, with what comes in it. */
  flush(): void {}

  write(chunk: Buffer): boolean {
    const stream = this.#stream
    // Nobody takes a body any more, or never did: HEAD, 204, 304, a client that is gone.
    return stream.writableEnded || stream.closed || stream.write(chunk)
  }

  end(body?: Buffer, trailers?: readonly string[]): void {
    const stream = this.#stream
    this.isEnded = true
    if (stream.closed) return
    if (this.#waitsForTrailers && trailers !== undefined && trailers.length > 0) {
      // node sends the trailers of its response object when the body has left.
      this.#response.addTrailers(http2Trailers(trailers))
    }
    if (body !== undefined && body.length > 0 && !stream.writableEnded) stream.end(body)
    else stream.end()
    stopUpload(this.#request, this.#waitsForTrailers)
  }

  fail(answer: ErrorAnswer): void {
    const stream = this.#stream
    if (!stream.headersSent) return answerError(this.#request, this.#response, answer)
    // As a client of gRPC hears it when its own connection to the pod breaks. To one that does not read it would not get.
    if (
      this.#waitsForTrailers &&
      !this.isEnded &&
      answer.code !== 'client-stalled' &&
      isGrpc(this.#request)
    ) {
      this.end(undefined, grpcTrailers(answer.status, answer.message))
    } else cutStream(stream)
  }
}

function isRepetition(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_HTTP2_HEADER_SINGLE_VALUE'
}
