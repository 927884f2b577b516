import type { OutgoingHttpHeaders } from 'node:http2'
import { handOnNeverIndexed } from './never-indexed.ts'

/**
 * Names and values in turn as the record that node:http2 sends: names in lower case (RFC 9113, 8.2.1), the values of a
 * repeated name as a list.
 */
export function http2Fields(headers: readonly string[]): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = Object.create(null)
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    const value = headers[i + 1] as string
    const before = fields[name]
    if (before === undefined) fields[name] = value
    else if (typeof before === 'object') before.push(value)
    else fields[name] = [before as string, value]
  }
  handOnNeverIndexed(headers, fields)
  return fields
}

/**
 * The same with each repeated value of a name once. node:http2 refuses a repeated field that has a single value by its
 * definition; an application and the server in front of it often both write the same one (X-Content-Type-Options).
 */
export function withoutDoubles(fields: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const single: OutgoingHttpHeaders = Object.create(null)
  for (const [name, value] of Object.entries(fields)) {
    single[name] = Array.isArray(value) && name !== 'set-cookie' ? [...new Set(value)] : value
  }
  handOnNeverIndexed(fields, single)
  return single
}

/** Trailers as a record; the values of a repeated name joined (RFC 9110, 5.3), which node:http2 takes of any name. */
export function http2Trailers(trailers: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null)
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    const name = (trailers[i] as string).toLowerCase()
    const before = fields[name]
    fields[name] = before === undefined ? (trailers[i + 1] as string) : `${before}, ${trailers[i + 1]}`
  }
  return fields
}
