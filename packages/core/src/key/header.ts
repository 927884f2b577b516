import { choiceOption, invalidOption, optionsObject } from '../option.ts'
import { headerValue, headerValues, REPEATED, withoutOws } from './header-values.ts'
import { KeyCheck, type KeyLimits, type RepeatedValue } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'

/** Options of {@link header}. @public */
export interface HeaderKeyOptions extends KeyLimits {
  /**
   * What a header that is there more than once means: `refuse` it as `ambiguous-key`, take the `first` or `last` value,
   * or `join` all with `, `. `Headers` and plain records cannot show repetition. Default `refuse`.
   */
  readonly repeated?: RepeatedValue | 'join'
}

/** A field name: a token of RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/

/**
 * The value of a header, without blanks at both ends. Names match in any case, values exactly.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function header(name: string, options: HeaderKeyOptions = {}): KeySource {
  return new HeaderKey(tokenOption('header.name', name, 'a header name').toLowerCase(), options)
}

/** Refuses what is not the name of a header or a cookie. */
export function tokenOption(path: string, value: unknown, expected: string): string {
  if (typeof value !== 'string' || !TOKEN.test(value)) throw invalidOption(path, expected, value)
  return value
}

class HeaderKey implements KeySource {
  readonly name: string
  readonly headers: readonly string[]
  readonly #header: string
  readonly #repeated: RepeatedValue | 'join'
  readonly #check: KeyCheck

  constructor(name: string, options: HeaderKeyOptions) {
    optionsObject('header', options, ['repeated', 'maxLength'])
    const { repeated = 'refuse' } = options
    this.name = `header ${name}`
    this.headers = [name]
    this.#header = name
    this.#repeated = choiceOption('header.repeated', repeated, ['refuse', 'first', 'last', 'join'])
    this.#check = new KeyCheck(this.name, 'header', options)
  }

  read(request: RequestLike): KeyReading {
    const value = headerValue(request, this.#header)
    if (value === undefined) return undefined
    return value === REPEATED ? this.#readRepeated(request) : this.#check.key(withoutOws(value))
  }

  #readRepeated(request: RequestLike): KeyReading {
    const values = headerValues(request, this.#header)
    switch (this.#repeated) {
      case 'refuse':
        return this.#check.ambiguous
      case 'first':
        return this.#check.key(withoutOws(values[0] ?? ''))
      case 'last':
        return this.#check.key(withoutOws(values.at(-1) ?? ''))
      case 'join':
        return this.#check.key(withoutOws(values.join(', ')))
    }
  }
}
