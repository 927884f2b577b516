import type { Socket } from 'node:net'

import type { Endpoint } from '@limpet/core'

/**
 * The way to the pod. `forward()` knows connections only by these interfaces, so that another HTTP client can take the
 * place of the one in this folder.
 *
 * Connect first, then hand over: `connect` answers once a connection stands and nothing was written to it, so that a
 * failure until then costs nothing and can be tried elsewhere.
 */
export interface Upstream {
  /**
   * Finds an idle connection to the endpoint or opens one (`fresh` always opens one), and calls exactly one method of
   * `caller`, once: at once for an idle connection, later for a new one. After `cancel` of the caller it calls none.
   */
  connect(endpoint: Endpoint, caller: ConnectCaller, fresh: boolean): void
  /** Ends idle connections at once and all others when they become idle; later calls of `connect` fail. Idempotent. */
  close(): void
  /** Ends every connection at once. Idempotent. */
  destroy(): void
}

/** Who waits for a connection. */
export interface ConnectCaller {
  /** True once the caller no longer wants a connection; a new one that stands by then is kept for others. */
  readonly isCancelled: boolean
  connected(connection: UpstreamConnection): void
  connectFailed(error: Error): void
}

/** A connection that is this request's until its exchange has ended. */
export interface UpstreamConnection {
  /** It served other requests before: the pod may have closed it in this very moment. */
  readonly isReused: boolean
  /**
   * Writes the head of a request (with its last empty line) and reports the response to `receiver`. Called once for each
   * exchange. `answersBodiless`: the response has no body whatever its head says (HEAD). `body`: whether one follows; a part
   * that is written within this tick leaves together with the head.
   */
  send(head: string, receiver: ResponseReceiver, answersBodiless: boolean, body: 'none' | 'follows'): void
  /** Writes a part of the request's body; false = wait for `drained` before the next. */
  write(chunk: Buffer): boolean
  /** Writes a part, or with none the end, of a body in the chunked transfer coding. */
  writeChunk(chunk: Buffer | undefined): boolean
  /** The request's body is complete: until then the connection is not used again. */
  finishRequest(): void
  /** Stops and starts the reports of data. */
  pause(): void
  resume(): void
  /** Ends the exchange and the connection; the receiver hears no more. */
  abort(): void
}

/** Hears of one response. Ends with exactly one of `ended`, `upgraded` and `failed`, unless the exchange is aborted. */
export interface ResponseReceiver {
  /**
   * The head of the final response (not 1xx). `body`: all of it where it came with the head, or whether its first part is
   * here, too, or comes later.
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

/** The head of a response, names and values in turn as they came. */
export interface ResponseHead {
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
}
