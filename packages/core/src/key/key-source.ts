import type { RequestLike } from './request-like.ts'

/**
 * Why a request has no usable key although it tried: `ambiguous-key` = several values where one is expected,
 * `bad-key` = not decodable, a character above 0xFF, or over the length limit.
 *
 * @public
 */
export interface KeyProblem {
  readonly reason: 'ambiguous-key' | 'bad-key'
  /** Names the source and what was expected; never holds the value. */
  readonly message: string
}

/**
 * The key of a request: latin1 text of its bytes, undefined if the request has none (an empty value is none), or what
 * is wrong with it.
 *
 * @public
 */
export type KeyReading = string | undefined | KeyProblem

/**
 * Where the key of a request is read.
 *
 * @public
 */
export interface KeySource {
  /** Stands in `explain()` and in error messages: `header x-session`, `firstOf(header x-session, cookie sid)`. */
  readonly name: string
  /** Names in lower case of the headers it reads. Default: none. */
  readonly headers?: readonly string[]
  /** Reads the key. Called on the request path: answers at once, never throws. */
  read(request: RequestLike): KeyReading
}
