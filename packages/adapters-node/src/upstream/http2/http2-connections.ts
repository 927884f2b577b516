import type { Socket } from 'node:net'
import { type Clock, type Endpoint, StickyError } from '@limpet/core'
import { type DialOptions, dial } from '../dial.ts'
import type { ExchangeLimits } from '../exchange-limits.ts'
import type { ConnectCaller } from '../upstream.ts'
import { Http2Connection, type Http2ConnectionOwner } from './http2-connection.ts'

/** Options of {@link Http2Connections}; all are checked by `forward()`. */
export interface Http2Options extends ExchangeLimits, DialOptions {
  readonly keepAliveMs: number
  readonly clock: Clock
}

/** Who gets what HTTP/2 leaves over. */
export interface Http2Owner {
  /** An exchange has ended, or never began: its slot is free. */
  released(): void
  /** A connection is kept that has to be ended when it was idle for too long. */
  becameIdle(): void
  /** The endpoint chose HTTP/1.1 by ALPN: it has this connection, and these callers wait. */
  declined(socket: Socket, callers: readonly ConnectCaller[]): void
}

/** An idle connection is kept at least this long: unlike one of HTTP/1.1 it can be closed by the pod without losing a request. */
const LEAST_IDLE_MS = 60_000
/** Connections that are opened at the same time for one endpoint. */
const MOST_DIALS = 4
/** Streams that a connection is expected to take until the pod says it (RFC 9113, 6.5.2). */
const EXPECTED_STREAMS = 100

/**
 * The HTTP/2 connections to one endpoint, the oldest first: it takes requests while it has room, and another one is opened
 * when all are full.
 */
export class Http2Connections implements Http2ConnectionOwner {
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxHeadBytes: number
  readonly clock: Clock
  readonly #endpoint: Endpoint
  readonly #options: Http2Options
  readonly #owner: Http2Owner
  readonly #connections: Http2Connection[] = []
  readonly #dialing = new Set<Socket | Http2Connection>()
  #waiting: ConnectCaller[] = []
  #expectedStreams = EXPECTED_STREAMS
  #isClosed = false
  #isDeclined = false

  constructor(endpoint: Endpoint, options: Http2Options, owner: Http2Owner) {
    this.#endpoint = endpoint
    this.#options = options
    this.#owner = owner
    this.connectTimeoutMs = options.connectTimeoutMs
    this.responseTimeoutMs = options.responseTimeoutMs
    this.idleTimeoutMs = options.idleTimeoutMs
    this.maxHeadBytes = options.maxHeadBytes
    this.clock = options.clock
  }

  /** The endpoint has chosen HTTP/1.1. */
  get isDeclined(): boolean {
    return this.#isDeclined
  }

  get isUnused(): boolean {
    return this.#connections.length === 0 && this.#dialing.size === 0
  }

  /** Brings the caller, who has a slot, to a stream. */
  connect(caller: ConnectCaller): void {
    const connection = this.#roomy()
    if (connection) return caller.connected(connection.take())
    this.#waiting.push(caller)
    this.#dialForWaiting()
  }

  /** Ends what was idle for too long; answers whether idle ones are left. */
  sweep(): boolean {
    const oldest = this.clock.now() - Math.max(this.#options.keepAliveMs, LEAST_IDLE_MS)
    let isLeft = false
    for (const connection of this.#connections) {
      if (!connection.isIdle) continue
      if (connection.idleSince <= oldest) connection.close()
      else isLeft = true
    }
    return isLeft
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections) if (connection.isIdle) connection.close()
  }

  destroy(): void {
    this.close()
    for (const dialing of this.#dialing) dialing.destroy()
    for (const connection of this.#connections) connection.destroy()
  }

  stands(connection: Http2Connection): void {
    this.#dialing.delete(connection)
    const { mostStreams } = connection
    if (mostStreams === 0) {
      connection.destroy()
      return this.#dialFailed(new StickyError('connect-failed', 'the endpoint takes no stream'))
    }
    this.#expectedStreams = mostStreams
    this.#connections.push(connection)
    this.#serveWaiting()
    this.#dialForWaiting()
    if (connection.isIdle) this.#keep(connection)
  }

  failed(connection: Http2Connection, error: StickyError): void {
    this.#dialing.delete(connection)
    this.#dialFailed(error)
  }

  released(connection: Http2Connection): void {
    this.#owner.released()
    this.#serveWaiting()
    if (connection.isIdle) this.#keep(connection)
  }

  resized({ mostStreams }: Http2Connection): void {
    this.#expectedStreams = Math.max(1, mostStreams)
    this.#serveWaiting()
  }

  gone(connection: Http2Connection): void {
    const at = this.#connections.indexOf(connection)
    if (at >= 0) this.#connections.splice(at, 1)
    this.#dialForWaiting()
  }

  #roomy(): Http2Connection | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection
    return undefined
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#roomy()
      if (!connection) return
      const caller = this.#waiting.shift() as ConnectCaller
      if (caller.isCancelled) this.#owner.released()
      else caller.connected(connection.take())
    }
  }

  /** Opens as many connections as those who wait will need. */
  #dialForWaiting(): void {
    while (
      this.#dialing.size < MOST_DIALS &&
      this.#dialing.size * this.#expectedStreams < this.#waiting.length
    ) {
      this.#dial()
    }
  }

  #dial(): void {
    const socket = dial(this.#endpoint, ['h2', 'http/1.1'], this.#options, {
      connected: (stood) => {
        this.#dialing.delete(stood)
        const isTls = this.#endpoint.protocol === 'https:'
        if (isTls && (stood as { alpnProtocol?: unknown }).alpnProtocol !== 'h2') return this.#decline(stood)
        this.#dialing.add(new Http2Connection(stood, isTls ? 'https' : 'http', this))
      },
      failed: (error) => {
        this.#dialing.delete(socket)
        this.#dialFailed(error)
      },
    })
    this.#dialing.add(socket)
  }

  #decline(socket: Socket): void {
    this.#isDeclined = true
    this.#owner.declined(socket, this.#takeWaiting())
  }

  /** Those who wait go elsewhere; not if the endpoint is there and only takes no further connection, or the fault is ours. */
  #dialFailed(error: StickyError): void {
    if (this.#dialing.size > 0) return
    const isThere = this.#connections.some(({ isUsable }) => isUsable)
    for (const caller of this.#takeWaiting()) {
      this.#owner.released()
      if (caller.isCancelled) continue
      if (error.code === 'gateway-exhausted') caller.refused(error)
      else if (isThere) caller.refused(this.#busy(error))
      else caller.connectFailed(error)
    }
  }

  #busy(cause: StickyError): StickyError {
    const message = `${this.#endpoint.identity} has its streams of every connection, and takes no further connection`
    return new StickyError('endpoint-busy', message, { cause })
  }

  #takeWaiting(): ConnectCaller[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  #keep(connection: Http2Connection): void {
    if (this.#isClosed || this.#options.keepAliveMs === 0) connection.close()
    else this.#owner.becameIdle()
  }
}
