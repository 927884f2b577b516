import type { Socket } from 'node:net'
import type { Endpoint } from '@limpet/core'
import type { RequestHead } from '../headers/request-head.ts'

/**
 * The way to the pod. `forward()` knows connections only by these interfaces, whatever the version of HTTP that a pod
 * speaks.
 *
 * Connect first, then hand over: `connect` answers once a connection stands and nothing was written to it, so that a
 * failure until then costs nothing and can be tried elsewhere.
 */
export interface Upstream {
  /**
   * Finds a connection to the endpoint with room for an exchange or opens one (`fresh` takes none that was used before),
   * and calls exactly one method of `caller`, once: at once where a connection stands, later for a new one or when the
   * endpoint has as many requests as it may. Calls none once the caller is cancelled.
   */
  connect(endpoint: Endpoint, caller: ConnectCaller, fresh: boolean): void
  /** Ends idle connections at once and all others when they become idle; later calls of `connect` are refused. Idempotent. */
  close(): void
  /** Ends every connection at once. Idempotent. */
  destroy(): void
}

/** Who waits for a connection. */
export interface ConnectCaller {
  /** True once the caller no longer wants a connection; one that stands by then is kept for others. */
  readonly isCancelled: boolean
  /** The exchange asks to switch protocols, which is a matter of HTTP/1.1 alone (RFC 9113, 8.6). */
  readonly needsHttp1: boolean
  /**
   * Ends the opening of a connection; set by the upstream while one is opened for this caller alone, and to be called when
   * it is cancelled. Whoever asks and leaves again and again would otherwise have a connection opened for each request.
   */
  stopConnecting?: (() => void) | undefined
  connected(connection: UpstreamConnection): void
  /** No connection could be opened: the request is untouched, and may be tried elsewhere. */
  connectFailed(error: Error): void
  /** Not the endpoint's fault: it has as many requests as it may and no room or time to wait was left, or all is closed. */
  refused(error: Error): void
}

/** A connection, or one stream of it, that is this request's until its exchange has ended. */
export interface UpstreamConnection {
  /** It served other requests before: the pod may have closed it in this very moment. */
  readonly isReused: boolean
  /** The pod can refuse a request that it was sent without having looked at it (RFC 9113, 8.7). */
  readonly mayRefuse: boolean
  /**
   * Sends the head of a request and reports the response to `receiver`. Called once for each exchange. Where the head's
   * framing says that a body follows, a part that is written within this tick leaves together with it.
   *
   * @throws StickyError `request-malformed` for a head that this version of HTTP cannot send; then nothing was sent
   */
  send(head: RequestHead, receiver: ResponseReceiver): void
  /** Sends a part of the request's body; false = wait for `drained` before the next. */
  write(chunk: Buffer): boolean
  /** The body is complete. Called once, only where the head's framing says that one follows. `trailers`: names and values in turn. */
  finish(trailers: readonly string[]): void
  /** Stops and starts the reports of data. */
  pause(): void
  resume(): void
  /** Ends the exchange, and what of the connection cannot serve another; the receiver hears no more. */
  abort(): void
}

/** Hears of one response. Ends with exactly one of `ended`, `upgraded` and `failed`, unless the exchange is aborted. */
export interface ResponseReceiver {
  /** An interim response (1xx), before the head of the final one. */
  interim(head: ResponseHead): void
  /**
   * The head of the final response. `body`: all of it where it came with the head, or whether its first part is here,
   * too, or comes later.
   */
  head(head: ResponseHead, body: Buffer | 'here' | 'later'): void
  data(chunk: Buffer): void
  /** `trailers`: names and values in turn. */
  ended(trailers: readonly string[]): void
  /** The pod switched protocols: the socket is the receiver's; `rest` came behind the head. */
  upgraded(head: ResponseHead, socket: Socket, rest: Buffer): void
  failed(failure: UpstreamFailure): void
  /** The connection takes more of the request's body. */
  drained(): void
}

/** The head of a response, names and values in turn as they came. The receiver may change the array. */
export interface ResponseHead {
  /** In which it came: `1.0`, `1.1`, `2.0`. */
  readonly httpVersion: string
  readonly status: number
  readonly reason: string
  readonly rawHeaders: string[]
}

/** Why an exchange ended before its response was complete. */
export interface UpstreamFailure {
  readonly code: 'upstream-reset' | 'upstream-malformed' | 'upstream-timeout' | 'client-stalled'
  readonly message: string
  readonly cause: unknown
  /** No byte of a response had come. */
  readonly isUnanswered: boolean
  /** The pod says that it has not looked at the request (RFC 9113, 8.7): it can be sent again whatever its method. */
  readonly isUnprocessed: boolean
}
