import type { RequestLike } from './request-like.ts'

/** Stands for a header that is there more than once. */
export const REPEATED: unique symbol = Symbol('repeated')

/**
 * The value of a header: undefined if it is absent, `REPEATED` if it is there more than once, as far as the request shows
 * it (`rawHeaders`, or an array in a record; `Headers` joins). `lowerName` is in lower case.
 *
 * Reads `rawHeaders` where there are some, because `IncomingMessage.headers` is built when it is first touched, at the
 * cost of some microseconds.
 */
export function headerValue(request: RequestLike, lowerName: string): string | undefined | typeof REPEATED {
  if (request.rawHeaders) return rawValue(request.rawHeaders, lowerName)
  const { headers } = request
  if (typeof headers.get === 'function') return headers.get(lowerName) ?? undefined
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[lowerName]
  if (value === undefined || typeof value === 'string') return value
  return value.length > 1 ? REPEATED : value[0]
}

/** Every value of a header, in order. */
export function headerValues(request: RequestLike, lowerName: string): readonly string[] {
  const raw = request.rawHeaders
  if (!raw) {
    const { headers } = request
    const value =
      typeof headers.get === 'function'
        ? headers.get(lowerName)
        : (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[lowerName]
    return value === undefined || value === null ? [] : typeof value === 'string' ? [value] : value
  }
  const values: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (isName(raw[i] as string, lowerName)) values.push(raw[i + 1] as string)
  }
  return values
}

function rawValue(raw: readonly string[], lowerName: string): string | undefined | typeof REPEATED {
  let value: string | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!isName(raw[i] as string, lowerName)) continue
    if (value !== undefined) return REPEATED
    value = raw[i + 1] as string
  }
  return value
}

function isName(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName)
}

/** Without the blanks (SP and HTAB, RFC 9110 5.6.3) at both ends. Other white space belongs to the value. */
export function withoutOws(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isOws(text.charCodeAt(from))) from++
  while (to > from && isOws(text.charCodeAt(to - 1))) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09
}
