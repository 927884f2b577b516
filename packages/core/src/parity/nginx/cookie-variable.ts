import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'
import { withoutSpaces } from './header-variable.ts'

/**
 * The value of `$cookie_NAME` (ngx_http_parse.c, ngx_http_parse_multi_header_lines): the first pair whose name is `lowerName` in any case, as it is,
 * up to the next semicolon. A comma begins a pair too, but does not end a value. Undefined if there is none.
 */
export function cookieVariable(request: RequestLike, lowerName: string): string | undefined {
  for (const value of headerValues(request, 'cookie')) {
    const line = withoutSpaces(value)
    for (let at = 0; at < line.length; ) {
      const equals = equalsBehind(line, at, lowerName)
      if (equals >= 0) {
        const from = afterSpaces(line, equals + 1)
        const semicolon = line.indexOf(';', from)
        return line.slice(from, semicolon < 0 ? line.length : semicolon)
      }
      at = nextPair(line, at, lowerName)
    }
  }
  return undefined
}

/** The place of the `=` behind the name at `at`, or -1 if another name stands there. */
function equalsBehind(line: string, at: number, lowerName: string): number {
  if (!isNameAt(line, at, lowerName)) return -1
  const equals = afterSpaces(line, at + lowerName.length)
  return line[equals] === '=' ? equals : -1
}

function isNameAt(line: string, at: number, lowerName: string): boolean {
  return line.slice(at, at + lowerName.length).toLowerCase() === lowerName
}

/** Behind the next separator and the spaces there. Of a name without `=` nginx has read the name and one character more by then. */
function nextPair(line: string, at: number, lowerName: string): number {
  let from = at
  if (isNameAt(line, at, lowerName))
    from = Math.min(line.length, afterSpaces(line, at + lowerName.length) + 1)
  while (from < line.length) {
    const character = line[from++]
    if (character === ';' || character === ',') break
  }
  return afterSpaces(line, from)
}

function afterSpaces(line: string, at: number): number {
  let from = at
  while (line.charCodeAt(from) === 0x20) from++
  return from
}
