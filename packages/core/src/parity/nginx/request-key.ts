import type { RequestLike } from '../../key/request-like.ts'

/** What a method hashes, cut from a request. */
export interface RequestKey {
  /** Names of the headers that it reads, in lower case, each once. */
  readonly headers: readonly string[]
  /** Undefined where nginx would not hash. */
  read(request: RequestLike): Uint8Array | undefined
}
