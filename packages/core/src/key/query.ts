import { choiceOption, invalidOption, optionsObject } from '../option.ts'
import type { RepeatableKeyOptions } from './cookie.ts'
import { KeyCheck, type RepeatedValue } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'
import { queryOf } from './url-parts.ts'

/**
 * The value of a query parameter, decoded to bytes as forms encode them: `+` is a space. Names match exactly, after
 * decoding. A parameter without `=` has an empty value, so it is no key.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function query(name: string, options: RepeatableKeyOptions = {}): KeySource {
  if (typeof name !== 'string' || name === '') throw invalidOption('query.name', 'a parameter name', name)
  return new QueryKey(name, options)
}

class QueryKey implements KeySource {
  readonly name: string
  /** Latin1 text of the name's UTF-8 bytes, as decoding gives it. */
  readonly #parameter: string
  readonly #repeated: RepeatedValue
  readonly #check: KeyCheck

  constructor(name: string, options: RepeatableKeyOptions) {
    optionsObject('query', options, ['repeated', 'maxLength'])
    this.name = `query ${name}`
    this.#parameter = Buffer.from(name, 'utf8').toString('latin1')
    this.#repeated = choiceOption('query.repeated', options.repeated ?? 'refuse', ['refuse', 'first', 'last'])
    this.#check = new KeyCheck(this.name, 'query', options)
  }

  read({ url }: RequestLike): KeyReading {
    const text = queryOf(url ?? '')
    let found: string | undefined
    for (let from = 0; from < text.length; ) {
      const ampersand = text.indexOf('&', from)
      const end = ampersand < 0 ? text.length : ampersand
      const equals = text.indexOf('=', from)
      const isPair = equals >= 0 && equals < end
      const name = this.#check.decodedKey(text.slice(from, isPair ? equals : end), 'space')
      const value = isPair ? text.slice(equals + 1, end) : ''
      from = end + 1
      if (name !== this.#parameter) continue
      if (found !== undefined && this.#repeated === 'refuse') return this.#check.ambiguous
      if (found === undefined || this.#repeated === 'last') found = value
    }
    return found === undefined ? undefined : this.#check.decodedKey(found, 'space')
  }
}
