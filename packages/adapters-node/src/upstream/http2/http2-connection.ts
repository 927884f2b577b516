import { type ClientHttp2Session, type ClientSessionOptions, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { type Clock, StickyError } from '@limpet/core'
import type { ExchangeLimits } from '../exchange-limits.ts'
import { PodStream, type StreamOwner } from './pod-stream.ts'

/** What an {@link Http2Connection} tells its owner. */
export interface Http2ConnectionOwner extends ExchangeLimits {
  readonly connectTimeoutMs: number
  readonly clock: Clock
  /** The pod has sent its settings: it speaks HTTP/2, and says how many streams it takes. */
  stands(connection: Http2Connection): void
  /** It never came so far. */
  failed(connection: Http2Connection, error: StickyError): void
  /** A stream has closed, and its exchange is over. */
  released(connection: Http2Connection): void
  /** The pod takes more streams than it said before, or fewer. */
  resized(connection: Http2Connection): void
  /** It stood, and is closed. */
  gone(connection: Http2Connection): void
}

/** What a stream may have on its way here: as much memory as a client that does not read can hold. */
const STREAM_WINDOW = 262_144
/** What all streams of a connection may have on their way together: one that is not read must not hold up the others. */
const CONNECTION_WINDOW = 4 * 1_048_576
/** Overhead of a field in the size of a head (RFC 9113, 6.5.2), so that the count of fields is no limit of its own. */
const FIELD_BYTES = 32
/** Ids of streams are 31 bits, every other one a client's. */
const MOST_STREAMS = 2 ** 30 - 1_024
/** Silence after which a connection with streams is asked whether it is still there. */
const SILENCE_MS = 10_000
/** The longest wait for that answer. */
const PING_TIMEOUT_MS = 10_000

/** One HTTP/2 connection to a pod: as many exchanges at a time as the pod says. */
export class Http2Connection implements StreamOwner {
  readonly session: ClientHttp2Session
  readonly scheme: 'http' | 'https'
  readonly clock: Clock
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxHeadBytes: number
  /** When its last stream closed. */
  idleSince = 0
  readonly #owner: Http2ConnectionOwner
  readonly #streams = new Set<PodStream>()
  #mostStreams = 0
  #opened = 0
  #hasStood = false
  /** The pod has said that no new stream is welcome, or we want no more. */
  #isClosing = false
  #lastStreamId = Number.POSITIVE_INFINITY
  #lastHeard: number
  /** When the answer to a ping is due; Infinity = none is awaited. */
  #pingUntil = Number.POSITIVE_INFINITY
  #hasPinged = false
  #error: unknown
  #cancelTimer: () => void

  /** Takes a connected socket without listeners. */
  constructor(socket: Socket, scheme: 'http' | 'https', owner: Http2ConnectionOwner) {
    this.scheme = scheme
    this.clock = owner.clock
    this.responseTimeoutMs = owner.responseTimeoutMs
    this.idleTimeoutMs = owner.idleTimeoutMs
    this.maxHeadBytes = owner.maxHeadBytes
    this.#owner = owner
    this.#lastHeard = owner.clock.now()
    // Half-open is a matter of upgraded streams: this connection is over when the pod ends it.
    socket.allowHalfOpen = false
    socket.setTimeout(0)
    this.session = connect(`${scheme}://localhost`, sessionOptions(socket, owner.maxHeadBytes))
    this.session.setLocalWindowSize(CONNECTION_WINDOW)
    this.session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) =>
      this.#settle(maxConcurrentStreams),
    )
    this.session.on('goaway', (_code, lastStreamId) => {
      this.#isClosing = true
      this.#lastStreamId = lastStreamId
    })
    this.session.on('error', (error) => {
      this.#error = error
    })
    this.session.on('close', () => this.#closed())
    this.#cancelTimer = owner.clock.after(owner.connectTimeoutMs, () => this.#tooLate())
  }

  /** Another stream can be opened now. */
  get hasRoom(): boolean {
    return this.isUsable && this.#streams.size < this.#mostStreams
  }

  /** Streams can be opened, now or when others have closed. */
  get isUsable(): boolean {
    return !this.#isClosing && !this.session.closed && !this.session.destroyed
  }

  get isIdle(): boolean {
    return this.#streams.size === 0
  }

  /** The most streams at a time, as the pod says. */
  get mostStreams(): number {
    return this.#mostStreams
  }

  /** A stream for one exchange. Only where there is room. */
  take(): PodStream {
    const stream = new PodStream(this, this.#opened > 0)
    if (this.#streams.size === 0) {
      this.#lastHeard = this.clock.now()
      this.#hasPinged = false
      this.#pingUntil = Number.POSITIVE_INFINITY
      this.#wait(this.#streamTimeoutMs)
    }
    this.#streams.add(stream)
    if (++this.#opened >= MOST_STREAMS) this.#isClosing = true
    return stream
  }

  isBeyondEnd(id: number | undefined): boolean {
    return id === undefined || id > this.#lastStreamId
  }

  heard(): void {
    this.#lastHeard = this.clock.now()
    this.#hasPinged = false
  }

  released(stream: PodStream): void {
    if (!this.#streams.delete(stream)) return
    if (this.#streams.size === 0) {
      this.idleSince = this.clock.now()
      this.#cancelTimer()
      // Node closes a session by itself after GOAWAY, but not one that has run out of ids.
      if (this.#isClosing) this.session.close()
    }
    this.#owner.released(this)
  }

  /** Takes no new stream, and ends when the last one has. Idempotent. */
  close(): void {
    this.#isClosing = true
    this.session.close()
  }

  /** Ends at once. Idempotent. */
  destroy(): void {
    this.#isClosing = true
    this.session.destroy()
  }

  #settle(mostStreams: number): void {
    this.#mostStreams = mostStreams
    if (this.#hasStood) return this.#owner.resized(this)
    this.#hasStood = true
    this.#cancelTimer()
    this.idleSince = this.clock.now()
    this.#owner.stands(this)
  }

  #tooLate(): void {
    const limit = `${this.#owner.connectTimeoutMs} ms (option "forward.connectTimeoutMs")`
    this.#error = new StickyError('connect-timeout', `the endpoint did not speak HTTP/2 within ${limit}`)
    this.session.destroy()
  }

  #closed(): void {
    this.#isClosing = true
    this.#cancelTimer()
    if (this.#hasStood) return this.#owner.gone(this)
    const cause = this.#error
    const error =
      cause instanceof StickyError
        ? cause
        : new StickyError('connect-failed', 'the endpoint did not speak HTTP/2', { cause })
    this.#owner.failed(this, error)
  }

  get #streamTimeoutMs(): number {
    return Math.min(this.responseTimeoutMs, this.idleTimeoutMs, SILENCE_MS)
  }

  #wait(ms: number): void {
    this.#cancelTimer = this.clock.after(ms, () => this.#look())
  }

  /** Looks for silence. One timer for the connection, not for each stream: it comes again when one might be due. */
  #look(): void {
    if (this.session.destroyed) return
    const now = this.clock.now()
    let next = this.#lookForLife(now)
    for (const stream of this.#streams) {
      if (stream.deadline <= now) stream.timedOut()
      else if (stream.deadline < next) next = stream.deadline
    }
    if (this.#streams.size > 0) this.#wait(Math.max(next - now, this.#streamTimeoutMs / COARSENESS))
  }

  /**
   * Asks a silent connection whether it is there, once in a silence: a pod that has vanished closes nothing, and servers of
   * gRPC take pings without traffic between them for abuse. Answers when to look again.
   */
  #lookForLife(now: number): number {
    if (this.#pingUntil <= now) {
      this.#pingUntil = Number.POSITIVE_INFINITY
      this.session.destroy(new Error('the endpoint did not answer a ping'), constants.NGHTTP2_NO_ERROR)
      return now
    }
    if (this.#hasPinged) return this.#pingUntil
    const due = this.#lastHeard + SILENCE_MS
    if (due > now) return due
    this.#hasPinged = true
    const isSent = this.session.ping((error) => {
      if (!error) this.#pingUntil = Number.POSITIVE_INFINITY
    })
    if (isSent) this.#pingUntil = now + PING_TIMEOUT_MS
    return this.#pingUntil
  }
}

function sessionOptions(socket: Socket, maxHeadBytes: number): ClientSessionOptions {
  const options = {
    createConnection: () => socket,
    maxHeaderListPairs: Math.ceil(maxHeadBytes / FIELD_BYTES),
    // What a client sent twice over HTTP/1.1 is the pod's to judge.
    strictSingleValueFields: false,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: maxHeadBytes },
  }
  return options
}

/** A deadline is noticed late by at most this part of the shortest time-out: many streams of many ages cost few timers. */
const COARSENESS = 16
