/** Bytes of a pod's response, and what the client may see of them. */
export interface ResponseCase {
  readonly name: string
  /** Default `GET`. */
  readonly method?: string
  /** Header lines of the request besides Host, each with its CRLF. */
  readonly asks?: string
  /** As latin1 text. */
  readonly bytes: string
  /** The pod ends the connection behind the bytes. */
  readonly ends?: boolean
  readonly client: ClientView
  /** Whether the pod's connection serves the next request, too. */
  readonly isKept: boolean
  /** Whether the client's connection is closed behind the answer. Default: if it is cut. */
  readonly closes?: boolean
  /**
   * Bytes stand behind the response. They tell a fault only if they come before the next request is sent, so the case is
   * not played byte by byte.
   */
  readonly hasMore?: boolean
}

export type ClientView =
  /** 502. Default `upstream-malformed`. */
  | { readonly kind: 'refused'; readonly code?: 'upstream-reset' }
  /** The connection was closed before the end of the message, or before its beginning. */
  | { readonly kind: 'cut' }
  | Answered

interface Answered {
  readonly kind: 'answered'
  readonly status: number
  readonly body: string
  /** Statuses of interim responses before it. Default: none. */
  readonly interim?: readonly number[]
  /** Header lines that must be there, as they are written. */
  readonly has?: readonly string[]
  /** Header names, in lower case, that must not be there. */
  readonly lacks?: readonly string[]
  /** Trailer lines. Default: none. */
  readonly trailers?: readonly string[]
}

type More = Partial<Omit<ResponseCase, 'name' | 'bytes' | 'client'>>

/** 502, and the pod's connection is closed. */
export function malformed(name: string, bytes: string, more: More = {}): ResponseCase {
  return { name, bytes, client: { kind: 'refused' }, isKept: false, ...more }
}

/** The client's answer is broken off, and the pod's connection closed. */
export function brokenOff(name: string, bytes: string, more: More = {}): ResponseCase {
  return { name, bytes, client: { kind: 'cut' }, isKept: false, closes: true, ...more }
}

/** The client gets this answer. */
export function answered(
  name: string,
  bytes: string,
  view: Partial<Omit<Answered, 'kind'>>,
  more: More = {},
): ResponseCase {
  return { name, bytes, client: { kind: 'answered', status: 200, body: '', ...view }, isKept: true, ...more }
}
