import type { RequestMatch } from './request-match.ts'

/**
 * What goes wrong with an answer. `afterBytes` counts bytes of the body, `afterLines` its lines: each event of a watch is one, and a list is
 * one.
 *
 * - `status`: another answer in place of the right one: by default a Status object in the server's words for `code`, or `body` as it is.
 *   With `retryAfterSeconds`, a `Retry-After` header.
 * - `gone`: 410 Expired, as the status of the response or as an `ERROR` event of a watch. A list is always told by status.
 * - `silent`: half-open. The request is taken and nothing is answered, or nothing more after so many bytes; the connection stays open.
 * - `reset`: the connection is reset (RST), at once or after so many bytes.
 * - `cut`: the body ends after so many bytes, in the middle of a line or of a character: by closing the connection, or with `clean: true` as a
 *   complete HTTP response.
 * - `chunks`: the right answer in pieces of so many bytes, each of its own turn or `delayMs` after the one before.
 * - `line`: a line that does not belong there, before the rest.
 * - `huge-line`: a bookmark of about so many bytes on one line, before the rest.
 * - `content-type`: the right answer under another media type.
 * - `delay`: the right answer, later.
 *
 * @public
 */
export type Disturbance =
  | {
      readonly kind: 'status'
      readonly code: number
      readonly reason?: string
      readonly message?: string
      readonly retryAfterSeconds?: number
      readonly body?: string
    }
  | { readonly kind: 'gone'; readonly as: 'status' | 'event' }
  | { readonly kind: 'silent'; readonly afterBytes?: number }
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly clean?: boolean }
  | { readonly kind: 'chunks'; readonly bytes: number; readonly delayMs?: number }
  | { readonly kind: 'line'; readonly text: string; readonly afterLines?: number }
  | { readonly kind: 'huge-line'; readonly bytes: number; readonly afterLines?: number }
  | { readonly kind: 'content-type'; readonly value: string }
  | { readonly kind: 'delay'; readonly ms: number }

/** Which requests are disturbed, and how many of them. @public */
export interface DisturbanceScope {
  /** Default: every request. */
  readonly on?: RequestMatch
  /** Default 1; `Infinity` = until it is called off. */
  readonly times?: number
}
