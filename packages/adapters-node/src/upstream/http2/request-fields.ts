import type { OutgoingHttpHeaders } from 'node:http2'
import { http2Fields } from '../../headers/http2-fields.ts'
import type { RequestHead } from '../../headers/request-head.ts'

/** The head of a request as HTTP/2 has it (RFC 9113, 8.3.1): `Host` is its authority. */
export function requestFields(head: RequestHead, scheme: 'http' | 'https'): OutgoingHttpHeaders {
  const fields = http2Fields(head.headers)
  fields[':method'] = head.method
  fields[':scheme'] = scheme
  fields[':authority'] = fields.host
  fields[':path'] = head.target
  fields.host = undefined
  if (head.takesTrailers) fields.te = 'trailers'
  return fields
}

/**
 * Whether trailers can follow the body: one of unknown length, or one that announces them. A call of gRPC has none from its
 * client. Where there are none for certain, the end of the body needs no frame of its own.
 */
export function mayHaveTrailers({ framing }: RequestHead, fields: OutgoingHttpHeaders): boolean {
  if (framing === 'none') return false
  if (fields.trailer !== undefined) return true
  return framing === 'chunked' && !String(fields['content-type']).startsWith('application/grpc')
}
