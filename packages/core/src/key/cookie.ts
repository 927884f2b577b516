import { choiceOption, optionsObject } from '../option.ts'
import { tokenOption } from './header.ts'
import { headerValues, withoutOws } from './header-values.ts'
import { KeyCheck, type KeyLimits, type RepeatedValue } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'

/** Options of {@link cookie} and {@link query}. @public */
export interface RepeatableKeyOptions extends KeyLimits {
  /** What a value that is there more than once means: `ambiguous-key`, or the `first` or `last`. Default `refuse`. */
  readonly repeated?: RepeatedValue
}

/**
 * The value of a cookie (RFC 6265, 5.4), percent-decoded to bytes, without the double quotes around it. Names match
 * exactly. A cookie of the same name in another Cookie header counts as repeated: browsers send both when a cookie was
 * set for two paths.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function cookie(name: string, options: RepeatableKeyOptions = {}): KeySource {
  return new CookieKey(tokenOption('cookie.name', name, 'a cookie name'), options)
}

class CookieKey implements KeySource {
  readonly name: string
  readonly #cookie: string
  readonly #repeated: RepeatedValue
  readonly #check: KeyCheck

  constructor(name: string, options: RepeatableKeyOptions) {
    optionsObject('cookie', options, ['repeated', 'maxLength'])
    this.name = `cookie ${name}`
    this.#cookie = name
    this.#repeated = choiceOption('cookie.repeated', options.repeated ?? 'refuse', [
      'refuse',
      'first',
      'last',
    ])
    this.#check = new KeyCheck(this.name, 'cookie', options)
  }

  read(request: RequestLike): KeyReading {
    let found: string | undefined
    for (const line of headerValues(request, 'cookie')) {
      for (let from = 0; from < line.length; ) {
        const semicolon = line.indexOf(';', from)
        const end = semicolon < 0 ? line.length : semicolon
        const value = this.#valueIn(line, from, end)
        from = end + 1
        if (value === undefined) continue
        if (found !== undefined && this.#repeated === 'refuse') return this.#check.ambiguous
        if (found === undefined || this.#repeated === 'last') found = value
      }
    }
    return found === undefined ? undefined : this.#check.decodedKey(unquoted(found), 'literal')
  }

  /** The value of the pair between `from` and `end` if it is this cookie's. */
  #valueIn(line: string, from: number, end: number): string | undefined {
    const equals = line.indexOf('=', from)
    if (equals < 0 || equals >= end) return undefined
    const isOurs = withoutOws(line.slice(from, equals)) === this.#cookie
    return isOurs ? withoutOws(line.slice(equals + 1, end)) : undefined
  }
}

function unquoted(value: string): string {
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  return isQuoted ? value.slice(1, -1) : value
}
