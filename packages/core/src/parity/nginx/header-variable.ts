import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'

/** Headers that nginx takes no more than once: it answers 400 to a request that repeats them (ngx_http_request.c, unique lines). */
const UNIQUE: ReadonlySet<string> = new Set([
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'if-match',
  'if-none-match',
  'content-length',
  'content-range',
  'if-range',
  'transfer-encoding',
  'expect',
  'authorization',
])

/**
 * The value of `$http_NAME` for the header `lowerName`, one character for each byte; undefined if it is absent, or repeated though nginx takes
 * it only once.
 *
 * nginx cuts off the spaces around a value, and no more; Node's parser cuts off tabs besides, so a request that has come through Node does
 * not tell about them.
 */
export function headerVariable(
  request: RequestLike,
  lowerName: string,
  joinsLines: boolean,
): string | undefined {
  const values = headerValues(request, lowerName)
  if (values.length < 2) return values.length === 0 ? undefined : withoutSpaces(values[0] as string)
  if (UNIQUE.has(lowerName)) return undefined
  if (lowerName === 'cookie') return values.map(withoutSpaces).join('; ')
  if (joinsLines || lowerName === 'x-forwarded-for') return values.map(withoutSpaces).join(', ')
  return withoutSpaces(values[0] as string)
}

/** Without the spaces at both ends, which is all that nginx cuts off. */
export function withoutSpaces(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text.charCodeAt(from) === 0x20) from++
  while (to > from && text.charCodeAt(to - 1) === 0x20) to--
  return text.slice(from, to)
}
