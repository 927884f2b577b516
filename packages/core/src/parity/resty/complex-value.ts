import type { Fail } from '../nginx/fail.ts'
import type { KeyPart } from '../nginx/key-text.ts'
import { variable } from '../nginx/variables.ts'
import { textBytes, wireText } from '../wire-bytes.ts'

/** `\$name` as text, `${name}` or `$name` as variable, a lone `$` or other text; a backslash elsewhere is dropped. */
const PART = /(\\\$\w+)|\$\{(\w+)\}|\$(\w+)|(\$|[^$\\]+)/g

const MOST_CHARACTERS = 4096

/**
 * The text of ingress-nginx's `upstream-hash-by`, as its util.lua takes it apart (parse_complex_value); other rules than nginx's own.
 *
 * @throws what `fail` makes for a variable that cannot be followed
 */
export function complexValue(text: string, joinsLines: boolean, fail: Fail): readonly KeyPart[] {
  if (typeof text !== 'string' || text === '') throw fail('expected a text such as $http_x_session')
  if (text.length > MOST_CHARACTERS) throw fail(`longer than ${MOST_CHARACTERS} characters`)
  const parts: KeyPart[] = []
  for (const [, escaped, braced, plain, literal] of text.matchAll(PART)) {
    const name = braced ?? plain
    if (name !== undefined) parts.push(variable(name, joinsLines, fail))
    else parts.push(wireText(textBytes(escaped ?? literal ?? '')))
  }
  return parts
}
