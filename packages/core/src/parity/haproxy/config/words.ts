/** A line's words; or why it has none, with those before the fault. */
export interface LineWords {
  readonly words: readonly string[]
  readonly fault: string | undefined
}

/** HAProxy's `MAX_LINE_ARGS`. */
const MAX_WORDS = 64

const ESCAPES: Readonly<Record<string, string>> = { ' ': ' ', '\\': '\\', '#': '#', "'": "'", '"': '"' }
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' }
const HEX = /^[\da-f]{2}$/i
const BLANK = ' \t\v\f'

/**
 * The words of a config line as HAProxy cuts them (`parse_line` of tools.c): blanks part them; quotes and backslashes keep what is behind
 * them; `#` outside quotes begins a comment. Variables of the environment, which double quotes let in, are a fault: their values
 * are not in the text; so are empty words, which only some versions keep.
 */
export function lineWords(line: string): LineWords {
  const words: string[] = []
  let word = ''
  let isInWord = false
  let quote = ''
  const faulty = (fault: string): LineWords => ({ words, fault })
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string
    if (char === '\r' || (char === '#' && quote === '')) break
    if (char === quote || (quote === '' && (char === '"' || char === "'"))) {
      quote = quote === '' ? char : ''
      isInWord = true
    } else if (char === '\\' && quote !== "'") {
      const next = line[i + 1] ?? ''
      isInWord = true
      if (next === 'x') {
        const digits = line.slice(i + 2, i + 4)
        if (!HEX.test(digits)) return faulty('\\x needs two hexadecimal digits')
        word += String.fromCharCode(Number.parseInt(digits, 16))
        i += 3
      } else {
        const meant = ESCAPES[next] ?? CONTROLS[next] ?? (next === '$' && quote === '"' ? '$' : undefined)
        word += meant ?? char
        if (meant !== undefined) i++
      }
    } else if (quote === '' && BLANK.includes(char)) {
      if (isInWord && word === '') return faulty('versions of HAProxy differ on empty words')
      if (isInWord && words.push(word) > MAX_WORDS) return faulty(`more than ${MAX_WORDS} words`)
      word = ''
      isInWord = false
    } else if (char === '$' && quote === '"') {
      return faulty('the value of a variable of the environment is not in the text; write it out')
    } else {
      word += char
      isInWord = true
    }
  }
  if (quote !== '') return faulty('a quote is not closed')
  if (isInWord && word === '') return faulty('versions of HAProxy differ on empty words')
  if (isInWord && words.push(word) > MAX_WORDS) return faulty(`more than ${MAX_WORDS} words`)
  return { words, fault: undefined }
}
