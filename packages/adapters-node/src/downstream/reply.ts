import type { ErrorAnswer } from '../error-answer.ts'

/**
 * The response to the client. `forward()` writes it by this interface, whatever the version of HTTP the client speaks.
 * Nothing that a client does throws here.
 */
export interface Reply {
  /** The response was ended by us. */
  readonly isEnded: boolean
  /** Sends an interim response (1xx); drops it for a client that cannot take it. */
  interim(status: number, headers: readonly string[]): void
  /**
   * Hands over the head; it leaves with the first part of the body, or by `flush`. `headers`: names and values in turn,
   * without those that concern one connection alone. `endsConnection`: the connection cannot serve another request. `body`:
   * all of it, which `end` is called with next, or whether its first part is here or comes later.
   *
   * @throws for a head that cannot be sent in this version of HTTP
   */
  head(
    status: number,
    reason: string,
    headers: string[],
    endsConnection: boolean,
    body: Buffer | 'here' | 'later',
  ): void
  /** Sends the head now, for a client that waits for it while no body comes. */
  flush(): void
  /** Sends a part of the body; false = the client reads slowly: wait for `caughtUp` of the listener. */
  write(chunk: Buffer): boolean
  /** Ends the response, with the last part of its body. `trailers`: names and values in turn. */
  end(body?: Buffer, trailers?: readonly string[]): void
  /** Answers with an error; a response that has begun is broken off, so that the client sees that it is incomplete. */
  fail(answer: ErrorAnswer): void
}

/** Who writes a {@link Reply}. */
export interface ReplyListener {
  /** The client has taken what was written. */
  caughtUp(): void
  /** The response is closed: finished (`isComplete`), or cut by either side. Called once. */
  closed(isComplete: boolean): void
}
