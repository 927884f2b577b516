import { lineFail, quoted } from './fail.ts'

/** What nginx's config is made of: a directive that ends with `;`, one that opens a block, or the end of a block. */
export type ConfigStep =
  | { readonly kind: 'directive' | 'block'; readonly line: number; readonly words: readonly string[] }
  | { readonly kind: 'end'; readonly line: number }

/** nginx's buffer for one word (NGX_CONF_BUFFER). */
const MOST_WORD = 4096
const MOST_WORDS = 1000

/**
 * Takes the text of a config apart as nginx does (ngx_conf_file.c, ngx_conf_read_token): words in either quotes, escapes, comments, `${name}`.
 * Lines begin at 1; a step has the line on which it begins.
 */
export class ConfigReader {
  readonly #text: string
  #at = 0
  #line = 1

  constructor(text: string) {
    this.#text = text
  }

  get line(): number {
    return this.#line
  }

  /** @throws StickyError `proxy-config` */
  next(): ConfigStep | undefined {
    const words: string[] = []
    let line = this.#line
    for (;;) {
      this.#skipBlanks()
      const character = this.#text[this.#at]
      if (words.length === 0) line = this.#line
      if (character === undefined) {
        if (words.length > 0)
          throw lineFail(line)(`the text ends in ${quoted(words.join(' '))}, which lacks its ";"`)
        return undefined
      }
      if (character === '}' || character === ';' || character === '{') {
        if ((character === '}') !== (words.length === 0))
          throw lineFail(this.#line)(`unexpected "${character}"`)
        this.#at++
        if (character === '}') return { kind: 'end', line }
        return { kind: character === ';' ? 'directive' : 'block', line, words }
      }
      if (words.length === MOST_WORDS) throw lineFail(line)(`a directive of more than ${MOST_WORDS} words`)
      words.push(this.#word(character))
    }
  }

  #skipBlanks(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string
      if (character === '\n') this.#line++
      else if (character === '#') {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = (end < 0 ? this.#text.length : end) - 1
      } else if (!isBlank(character)) return
    }
  }

  #word(first: string): string {
    const line = this.#line
    const quote = first === '"' || first === "'" ? first : undefined
    const start = quote ? this.#at + 1 : this.#at
    const end = quote ? this.#quoteEnd(start, quote) : this.#bareEnd(start)
    const text = this.#text.slice(start, end)
    if (text.length > MOST_WORD)
      throw lineFail(line)(`a word of more than ${MOST_WORD} characters, ${quoted(text)}`)
    this.#line += text.split('\n').length - 1
    this.#at = quote ? end + 1 : end
    const behind = this.#text[this.#at]
    if (quote && behind !== undefined && !isBlank(behind) && !';{)'.includes(behind)) {
      throw lineFail(this.#line)(`unexpected ${quoted(behind)} behind a quote`)
    }
    return text.replace(/\\(["'\\trn])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped)
  }

  #quoteEnd(start: number, quote: string): number {
    for (let at = start; at < this.#text.length; at++) {
      if (this.#text[at] === '\\') at++
      else if (this.#text[at] === quote) return at
    }
    throw lineFail(this.#line)(`the quote ${quote} is not closed`)
  }

  /** A brace opens a block, but not behind a `$`. */
  #bareEnd(start: number): number {
    for (let at = start; at < this.#text.length; at++) {
      const character = this.#text[at] as string
      if (character === '\\') at++
      else if (isBlank(character) || character === ';') return at
      else if (character === '{' && this.#text[at - 1] !== '$') return at
    }
    return this.#text.length
  }
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}
