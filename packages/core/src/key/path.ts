import { integerOption, optionsObject } from '../option.ts'
import { KeyCheck, type KeyLimits } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'
import { pathOf } from './url-parts.ts'

/**
 * A segment of the path, percent-decoded to bytes: of `/rooms/42/chat` segment 0 is `rooms`, 1 is `42`. A negative
 * number counts from the end: -1 is `chat`. Empty segments (`//`) count, and are no key.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function path(segment: number, options: KeyLimits = {}): KeySource {
  return new PathKey(integerOption('path.segment', segment, -255, 255), options)
}

class PathKey implements KeySource {
  readonly name: string
  readonly #segment: number
  readonly #check: KeyCheck

  constructor(segment: number, options: KeyLimits) {
    optionsObject('path', options, ['maxLength'])
    this.name = `path segment ${segment}`
    this.#segment = segment
    this.#check = new KeyCheck(this.name, 'path', options)
  }

  read({ url }: RequestLike): KeyReading {
    const segments = pathOf(url ?? '')
      .slice(1)
      .split('/', this.#segment < 0 ? undefined : this.#segment + 1)
    const text = segments.at(this.#segment)
    return text === undefined ? undefined : this.#check.decodedKey(text, 'literal')
  }
}
