import type { RequestLike } from '../../key/request-like.ts'
import { textBytes, wireBytes, wireText } from '../wire-bytes.ts'
import { type Fail, quoted } from './fail.ts'
import type { RequestKey } from './request-key.ts'
import { type Variable, variable } from './variables.ts'

const MOST_CHARACTERS = 4096

/**
 * The text behind `hash`, with variables as `$name` and `${name}` (ngx_http_script.c, ngx_http_script_compile). A key that comes out empty is
 * none. The bytes of the text itself are its UTF-8.
 *
 * @throws what `fail` makes for a broken text, and for a variable that cannot be followed
 */
export function textKey(text: string, joinsLines: boolean, fail: Fail): RequestKey {
  const parts = compiled(text, joinsLines, fail)
  const headers = parts.flatMap((part) => (typeof part === 'string' ? [] : part.headers))
  return {
    headers: Object.freeze([...new Set(headers)]),
    read(request) {
      const value = joined(parts, request)
      return value === '' ? undefined : wireBytes(value)
    },
  }
}

/** Literal text is kept with one character for each byte, as values are. */
export type KeyPart = string | Variable

/** The parts put together; a variable without a value is empty. */
export function joined(parts: readonly KeyPart[], request: RequestLike): string {
  let value = ''
  for (const part of parts) value += typeof part === 'string' ? part : (part.read(request) ?? '')
  return value
}

function compiled(text: string, joinsLines: boolean, fail: Fail): readonly KeyPart[] {
  if (typeof text !== 'string' || text === '') throw fail('the key that is hashed is missing')
  if (text.length > MOST_CHARACTERS) throw fail(`the key is longer than ${MOST_CHARACTERS} characters`)
  const parts: KeyPart[] = []
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '$') {
      const dollar = text.indexOf('$', at)
      const end = dollar < 0 ? text.length : dollar
      parts.push(wireText(textBytes(text.slice(at, end))))
      at = end
      continue
    }
    const name = nameAt(text, at + 1, fail)
    parts.push(variable(name, joinsLines, fail))
    at += 1 + name.length + (text[at + 1] === '{' ? 2 : 0)
  }
  return parts
}

function nameAt(text: string, from: number, fail: Fail): string {
  if (/[1-9]/.test(text[from] ?? ''))
    throw fail(`the capture "$${text[from]}" cannot be followed: a location's expression makes it`)
  const isBraced = text[from] === '{'
  const start = isBraced ? from + 1 : from
  let end = start
  while (/\w/.test(text[end] ?? '')) end++
  if (end === start) throw fail(`the key ${quoted(text)} has an invalid variable name`)
  if (isBraced && text[end] !== '}')
    throw fail(`the key ${quoted(text)} lacks the closing brace of a variable`)
  return text.slice(start, end)
}
