import { integerOption } from '../option.ts'
import type { KeyProblem, KeyReading } from './key-source.ts'

/** What every key source that reads text can be told. @public */
export interface KeyLimits {
  /** Bytes that a key may have, 1 to 65 536; a longer one is `bad-key`. Default 4 096. */
  readonly maxLength?: number
}

/** What happens when a value is there more than once, even if all are equal. @public */
export type RepeatedValue = 'refuse' | 'first' | 'last'

/** Checks the text of a key against what every key must be. Its problems are made once, not for each bad request. */
export class KeyCheck {
  readonly ambiguous: KeyProblem
  readonly undecodable: KeyProblem
  readonly #tooLong: KeyProblem
  readonly #notBytes: KeyProblem
  readonly #maxLength: number

  constructor(source: string, path: string, { maxLength = 4_096 }: KeyLimits) {
    this.#maxLength = integerOption(`${path}.maxLength`, maxLength, 1, 65_536)
    this.ambiguous = problem('ambiguous-key', `${source}: expected one value, got several`)
    this.undecodable = problem('bad-key', `${source}: expected valid percent-encoding`)
    this.#tooLong = problem('bad-key', `${source}: expected at most ${maxLength} bytes`)
    this.#notBytes = problem('bad-key', `${source}: expected characters up to U+00FF`)
  }

  /** The key if it is one: undefined for an empty text, a problem for one that is too long or no text of bytes. */
  key(text: string): KeyReading {
    if (text === '') return undefined
    if (text.length > this.#maxLength) return this.#tooLong
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return this.#notBytes
    return text
  }

  /** The key that a percent-encoded text stands for, as bytes. `plus` = whether `+` means a space. */
  decodedKey(text: string, plus: 'space' | 'literal'): KeyReading {
    // Encoded, a byte takes up to three characters; decoding what cannot fit would be work for an attacker.
    if (text.length > this.#maxLength * 3) return this.#tooLong
    const bytes = percentDecoded(plus === 'space' ? text.replaceAll('+', ' ') : text)
    return bytes === undefined ? this.undecodable : this.key(bytes)
  }
}

/** A problem as key sources make it, once, at construction. */
export function problem(reason: KeyProblem['reason'], message: string): KeyProblem {
  return Object.freeze({ reason, message })
}

/** The latin1 text of the bytes that `text` encodes; undefined if a `%` is not followed by two hex digits. */
function percentDecoded(text: string): string | undefined {
  let percent = text.indexOf('%')
  if (percent < 0) return text
  let decoded = ''
  let from = 0
  for (; percent >= 0; percent = text.indexOf('%', from)) {
    const high = hexDigit(text.charCodeAt(percent + 1))
    const low = hexDigit(text.charCodeAt(percent + 2))
    if (high < 0 || low < 0) return undefined
    decoded += text.slice(from, percent) + String.fromCharCode(high * 16 + low)
    from = percent + 3
  }
  return decoded + text.slice(from)
}

/** Value of a hex digit by its character code; -1 for any other, NaN (past the end) included. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
