/** Where a text stops to be JSON, and what would have to stand there. */
export interface JsonFault {
  /** Index into the text; its length where the text ends too early. */
  readonly offset: number
  readonly expected: string
}

/** What may come next. The names are the words of the message. */
type Expected =
  | 'a value'
  | 'a value or "]"'
  | 'a name in quotes or "}"'
  | 'a name in quotes'
  | '":"'
  | '"," or "]"'
  | '"," or "}"'
  | 'nothing more'

const SPACE = /[ \t\n\r]*/y
const PLAIN = /[ !#-[\]-\uffff]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Finds the fault in a text that `JSON.parse` refused, whose own messages name a place only for some faults, and as an index
 * into the text. A walk over the tokens of RFC 8259 with the open brackets on a list, so that no nesting is too deep.
 * undefined: the text is JSON.
 */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('[' | '{')[] = []
  let expected: Expected = 'a value'
  let at = 0
  const end = (pattern: RegExp): number => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : -1
  }
  /**
   * Where a string that begins here has its closing quote, or goes wrong. Escape by escape: one pattern for all of them keeps a
   * state for each, and the engine has no room for millions.
   */
  const endOfString = (): number => {
    at++
    for (;;) {
      at = end(PLAIN)
      const next = text[at] === '\\' ? end(ESCAPE) : -1
      if (next === -1) return at
      at = next
    }
  }
  const afterValue = (): Expected => {
    const bracket = open.at(-1)
    return bracket === undefined ? 'nothing more' : bracket === '[' ? '"," or "]"' : '"," or "}"'
  }
  while (true) {
    at = end(SPACE)
    const next = text[at]
    if (next === undefined) return expected === 'nothing more' ? undefined : { offset: at, expected }
    switch (expected) {
      case 'a value or "]"':
      case 'a value':
        if (next === '[' || next === '{') {
          open.push(next)
          expected = next === '[' ? 'a value or "]"' : 'a name in quotes or "}"'
          at++
          continue
        }
        if (next === ']' && expected === 'a value or "]"') {
          open.pop()
          expected = afterValue()
          at++
          continue
        }
        if (next === '"') {
          at = endOfString()
          if (text[at] !== '"') return { offset: at, expected: 'the rest of a string' }
          at++
        } else {
          const stop = end(SCALAR)
          if (stop === -1) return { offset: at, expected }
          at = stop
        }
        expected = afterValue()
        continue
      case 'a name in quotes or "}"':
      case 'a name in quotes':
        if (next === '}' && expected === 'a name in quotes or "}"') {
          open.pop()
          expected = afterValue()
        } else {
          if (next !== '"') return { offset: at, expected }
          at = endOfString()
          if (text[at] !== '"') return { offset: at, expected: 'the rest of a string' }
          expected = '":"'
        }
        at++
        continue
      case '":"':
        if (next !== ':') return { offset: at, expected }
        expected = 'a value'
        at++
        continue
      case '"," or "]"':
      case '"," or "}"': {
        const close = expected === '"," or "]"' ? ']' : '}'
        if (next === close) {
          open.pop()
          expected = afterValue()
        } else if (next === ',') expected = close === ']' ? 'a value' : 'a name in quotes'
        else return { offset: at, expected }
        at++
        continue
      }
      case 'nothing more':
        return { offset: at, expected }
    }
  }
}
