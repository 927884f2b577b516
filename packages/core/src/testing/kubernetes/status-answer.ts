import type { Disturbance } from './disturbance.ts'
import { failure } from './status.ts'

/** Reason and words of the server's own for the codes that clients meet. */
const WORDS: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden'],
  404: ['NotFound', 'the server could not find the requested resource'],
  410: ['Expired', 'The resourceVersion for the provided list is too old.'],
  429: ['TooManyRequests', 'storage is (re)initializing'],
  500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
  503: ['ServiceUnavailable', 'apiserver not ready'],
  504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
}

/** What a scripted status looks like on the wire. */
export function statusAnswer(disturbance: Extract<Disturbance, { kind: 'status' }>): {
  readonly code: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object | string
} {
  const { code, retryAfterSeconds: seconds, body } = disturbance
  const [reason, message] = WORDS[code] ?? [undefined, 'the server has said no']
  const details = seconds === undefined ? undefined : { retryAfterSeconds: seconds }
  return {
    code,
    headers: {
      ...(seconds === undefined ? {} : { 'Retry-After': String(seconds) }),
      // What is no Status comes from something before the server, or from its filters, as plain text.
      ...(body === undefined ? {} : { 'Content-Type': 'text/plain; charset=utf-8' }),
    },
    body: body ?? failure(code, disturbance.reason ?? reason, disturbance.message ?? message, details),
  }
}
