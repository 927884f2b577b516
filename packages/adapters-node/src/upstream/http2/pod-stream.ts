import { STATUS_CODES } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { Duplex } from 'node:stream'
import { type Clock, StickyError } from '@limpet/core'
import { http2Trailers, withoutDoubles } from '../../headers/http2-fields.ts'
import { handOnNeverIndexed } from '../../headers/never-indexed.ts'
import type { RequestHead } from '../../headers/request-head.ts'
import { type ExchangeLimits, MOST_INTERIM_RESPONSES, NO_TRAILERS } from '../exchange-limits.ts'
import type { ResponseHead, ResponseReceiver, UpstreamConnection, UpstreamFailure } from '../upstream.ts'
import { mayHaveTrailers, requestFields } from './request-fields.ts'
import { streamFailure } from './stream-failure.ts'

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM } = constants

/** The connection that a {@link PodStream} is one of. */
export interface StreamOwner extends ExchangeLimits {
  readonly session: ClientHttp2Session
  readonly scheme: 'http' | 'https'
  readonly clock: Clock
  /** Whether a GOAWAY says that the pod has not looked at the stream of this id. */
  isBeyondEnd(id: number | undefined): boolean
  /** The connection has sent something: it is alive. */
  heard(): void
  /** The stream is closed, or was never opened: another may take its place. */
  released(stream: PodStream): void
}

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader

const OWNER = Symbol('stream of node')
const HAS_ENDED = Symbol('END_STREAM has come')

/** A stream of node that knows whose it is, so that its listeners are the same functions for all of them. */
interface OwnedStream extends ClientHttp2Stream {
  [OWNER]: PodStream
  [HAS_ENDED]: boolean
}

const EMPTY: Buffer = Buffer.alloc(0)

/** One stream of an HTTP/2 connection to a pod: one exchange. */
export class PodStream implements UpstreamConnection {
  readonly isReused: boolean
  readonly mayRefuse = true
  readonly #owner: StreamOwner
  #stream: OwnedStream | undefined
  #receiver: ResponseReceiver | undefined
  #isRequestDone = false
  #hasHead = false
  #isPaused = false
  #interimResponses = 0
  #trailers: readonly string[] = NO_TRAILERS
  #requestTrailers: readonly string[] = NO_TRAILERS
  #cause: NodeJS.ErrnoException | undefined
  /** When something was sent or received last. */
  #lastSeen: number

  constructor(owner: StreamOwner, isReused: boolean) {
    this.#owner = owner
    this.isReused = isReused
    this.#lastSeen = owner.clock.now()
  }

  /** When the silence of the stream will have lasted too long. */
  get deadline(): number {
    return this.#lastSeen + (this.#hasHead ? this.#owner.idleTimeoutMs : this.#owner.responseTimeoutMs)
  }

  send(head: RequestHead, receiver: ResponseReceiver): void {
    const stream = this.#open(head)
    this.#isRequestDone = head.framing === 'none'
    this.#receiver = receiver
    this.#stream = stream
    this.#lastSeen = this.#owner.clock.now()
    stream[OWNER] = this
    stream[HAS_ENDED] = false
    stream.push = noteEnd
    stream.on('response', PodStream.#on.response)
    stream.on('headers', PodStream.#on.headers)
    stream.on('end', PodStream.#on.end)
    stream.on('error', PodStream.#on.error)
    stream.on('close', PodStream.#on.close)
    if (head.framing === 'none') return
    stream.on('drain', PodStream.#on.drain)
    stream.on('wantTrailers', PodStream.#on.wantTrailers)
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream as OwnedStream
    // The pod has reset the stream: what it said comes with `close`.
    return stream.closed || stream.write(chunk)
  }

  finish(trailers: readonly string[]): void {
    this.#isRequestDone = true
    this.#requestTrailers = trailers
    this.#stream?.end()
  }

  pause(): void {
    this.#isPaused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#stream?.resume()
  }

  abort(): void {
    this.#receiver = undefined
    if (this.#stream) this.#stream.close(NGHTTP2_CANCEL)
    else this.#owner.released(this)
  }

  /** The silence has lasted too long. */
  timedOut(): void {
    if (this.#isPaused) this.#stop('client-stalled', 'the client stopped reading')
    else if (!this.#isRequestDone && this.#stream?.writableLength === 0) {
      this.#stop('client-stalled', 'the client stopped sending its request')
    } else this.#stop('upstream-timeout', 'the endpoint did not answer in time')
  }

  #open(head: RequestHead): OwnedStream {
    const { session, scheme } = this.#owner
    const fields = requestFields(head, scheme)
    const options = {
      endStream: head.framing === 'none',
      waitForTrailers: mayHaveTrailers(head, fields),
    }
    try {
      return session.request(fields, options) as OwnedStream
    } catch (cause) {
      return this.#openWithoutDoubles(fields, options, cause)
    }
  }

  /** Where node has no option `strictSingleValueFields` it refuses a field that is there twice. */
  #openWithoutDoubles(fields: OutgoingHttpHeaders, options: object, cause: unknown): OwnedStream {
    const { session } = this.#owner
    try {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') throw cause
      return session.request(withoutDoubles(fields), options) as OwnedStream
    } catch (error) {
      throw new StickyError('request-malformed', 'the request has a head that HTTP/2 cannot send', {
        cause: error,
      })
    }
  }

  #seen(): void {
    this.#lastSeen = this.#owner.clock.now()
    this.#owner.heard()
  }

  #respond(fields: Head, flags: number, rawHeaders: string[]): void {
    this.#seen()
    const receiver = this.#receiver
    const stream = this.#stream as OwnedStream
    if (!receiver) return
    this.#hasHead = true
    const head = headOf(fields, rawHeaders)
    if (flags & NGHTTP2_FLAG_END_STREAM) {
      receiver.head(head, EMPTY)
      // It closes when it was read to its end, and nobody else will.
      stream.resume()
      return this.#complete()
    }
    stream.on('trailers', PodStream.#on.trailers)
    receiver.head(head, stream.readableLength > 0 ? 'here' : 'later')
    // Not before: the first data may come in the same turn as the head.
    if (this.#receiver) stream.on('data', PodStream.#on.data)
    if (this.#isPaused) stream.pause()
  }

  #interim(fields: Head, rawHeaders: string[]): void {
    this.#seen()
    if (++this.#interimResponses > MOST_INTERIM_RESPONSES) {
      const message = `the endpoint sent more than ${MOST_INTERIM_RESPONSES} interim responses before its head`
      return this.#stop('upstream-malformed', message)
    }
    this.#receiver?.interim(headOf(fields, rawHeaders))
  }

  /** The response is complete; a pod that has answered before it has the whole request needs no more of it. */
  #complete(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    if (!this.#isRequestDone) this.#stream?.close(NGHTTP2_CANCEL)
    receiver?.ended(this.#trailers)
  }

  #closed(): void {
    const stream = this.#stream as OwnedStream
    if (stream[HAS_ENDED] && this.#hasHead) this.#readRest(stream)
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#owner.released(this)
    receiver?.failed(
      streamFailure({
        rstCode: stream.rstCode,
        cause: this.#cause,
        isUnanswered: this.#isUnanswered,
        isBeyondEnd: this.#owner.isBeyondEnd(stream.id),
        maxHeadBytes: this.#owner.maxHeadBytes,
      }),
    )
  }

  /** A response that has come whole counts, though its stream was destroyed because the pod wants no more of the request. */
  #readRest(stream: OwnedStream): void {
    for (let chunk = stream.read(); chunk !== null && this.#receiver; chunk = stream.read()) {
      this.#receiver.data(chunk)
    }
    this.#complete()
  }

  get #isUnanswered(): boolean {
    return !this.#hasHead && this.#interimResponses === 0
  }

  #stop(code: UpstreamFailure['code'], message: string): void {
    const receiver = this.#receiver
    const isUnanswered = this.#isUnanswered
    this.abort()
    receiver?.failed({ code, message, cause: undefined, isUnanswered, isUnprocessed: false })
  }

  /** The same functions for every stream; `this` is node's. */
  static readonly #on = {
    response(this: ClientHttp2Stream, fields: Head, flags: number, rawHeaders: string[]): void {
      ownerOf(this).#respond(fields, flags, rawHeaders)
    },

    headers(this: ClientHttp2Stream, fields: Head, _flags: number, rawHeaders: string[]): void {
      ownerOf(this).#interim(fields, rawHeaders)
    },

    trailers(this: ClientHttp2Stream, _fields: IncomingHttpHeaders, _flags: number, raw: string[]): void {
      ownerOf(this).#trailers = raw
    },

    data(this: ClientHttp2Stream, chunk: Buffer): void {
      const stream = ownerOf(this)
      stream.#seen()
      stream.#receiver?.data(chunk)
    },

    end(this: ClientHttp2Stream): void {
      // Else it was reset: `close` follows.
      if ((this as OwnedStream)[HAS_ENDED]) ownerOf(this).#complete()
    },

    drain(this: ClientHttp2Stream): void {
      const stream = ownerOf(this)
      stream.#seen()
      stream.#receiver?.drained()
    },

    wantTrailers(this: ClientHttp2Stream): void {
      this.sendTrailers(http2Trailers(ownerOf(this).#requestTrailers))
    },

    error(this: ClientHttp2Stream, error: Error): void {
      ownerOf(this).#cause = error
    },

    close(this: ClientHttp2Stream): void {
      ownerOf(this).#closed()
    },
  }
}

function ownerOf(stream: ClientHttp2Stream): PodStream {
  return (stream as OwnedStream)[OWNER]
}

/**
 * In place of `push`: notes that END_STREAM has come. node ends a stream that was reset with NO_ERROR as it ends a complete
 * one, and so do pods on node that destroy their response; only then the stream counts as closed already.
 */
function noteEnd(this: ClientHttp2Stream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) (this as OwnedStream)[HAS_ENDED] = true
  return Duplex.prototype.push.call(this, chunk, encoding)
}

function headOf(fields: Head, rawHeaders: string[]): ResponseHead {
  const status = fields[':status'] as number
  // Nothing but `:status` can stand before the fields.
  rawHeaders.splice(0, 2)
  handOnNeverIndexed(fields, rawHeaders)
  return { httpVersion: '2.0', status, reason: STATUS_CODES[status] ?? '', rawHeaders }
}
