import { StickyError } from '@limpet/core'
import { pairsOf } from './pairs.ts'

/** A field name (RFC 9110, 5.6.2), and a value without what could end its line. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** What frames the message or concerns one connection alone is ours. */
const OURS =
  /^(?:connection|content-length|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i

/**
 * The header fields of a message on its way, to be read and changed by the hooks `onRequestHead` and `onResponseHead`. Names match
 * in any case; order, case and repetition of what is not touched are kept. What frames the message (Content-Length,
 * Transfer-Encoding) or concerns one connection alone can be read and not changed. Host can be set, and is there once.
 *
 * @public
 */
export interface HeaderFields extends Iterable<[name: string, value: string]> {
  /** The value; of a repeated field the first. undefined = it is not there. */
  get(name: string): string | undefined
  /** Every value, in order. */
  getAll(name: string): string[]
  has(name: string): boolean
  /**
   * Replaces every field of this name by one, or adds it.
   *
   * @throws StickyError `invalid-header` for a name or value that cannot be sent, or one that is not to be changed
   */
  set(name: string, value: string): void
  /**
   * Adds a field behind those that are there.
   *
   * @throws StickyError `invalid-header` as `set` does
   */
  append(name: string, value: string): void
  /**
   * Removes every field of this name; answers whether there was one.
   *
   * @throws StickyError `invalid-header` for one that is not to be changed
   */
  delete(name: string): boolean
}

/** {@link HeaderFields} over a list of names and values in turn, which is changed in place. */
export class RawHeaderFields implements HeaderFields {
  readonly #raw: string[]

  constructor(raw: string[]) {
    this.#raw = raw
  }

  get(name: string): string | undefined {
    const at = this.#indexOf(name.toLowerCase(), 0)
    return at < 0 ? undefined : this.#raw[at + 1]
  }

  getAll(name: string): string[] {
    const values: string[] = []
    const lower = name.toLowerCase()
    for (let at = this.#indexOf(lower, 0); at >= 0; at = this.#indexOf(lower, at + 2)) {
      values.push(this.#raw[at + 1] as string)
    }
    return values
  }

  has(name: string): boolean {
    return this.#indexOf(name.toLowerCase(), 0) >= 0
  }

  set(name: string, value: string): void {
    checkField(name, value)
    const at = this.#indexOf(name.toLowerCase(), 0)
    if (at < 0) {
      this.#raw.push(name, value)
      return
    }
    this.#raw[at + 1] = value
    this.#remove(name, at + 2)
  }

  append(name: string, value: string): void {
    checkField(name, value)
    checkRemovable(name)
    this.#raw.push(name, value)
  }

  delete(name: string): boolean {
    checkField(name, '')
    checkRemovable(name)
    return this.#remove(name, 0)
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return pairsOf(this.#raw)[Symbol.iterator]()
  }

  #remove(name: string, from: number): boolean {
    const raw = this.#raw
    const lower = name.toLowerCase()
    let kept = from
    for (let i = from; i + 1 < raw.length; i += 2) {
      const each = raw[i] as string
      if (each.length === lower.length && each.toLowerCase() === lower) continue
      raw[kept] = each
      raw[kept + 1] = raw[i + 1] as string
      kept += 2
    }
    const isRemoved = kept < raw.length
    raw.length = kept
    return isRemoved
  }

  #indexOf(lower: string, from: number): number {
    const raw = this.#raw
    for (let i = from; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string
      if (name.length === lower.length && name.toLowerCase() === lower) return i
    }
    return -1
  }
}

/** A request without Host is malformed, and with two of them it is two requests to two readers (RFC 9112, 3.2). */
function checkRemovable(name: string): void {
  if (name.length !== 4 || name.toLowerCase() !== 'host') return
  throw new StickyError('invalid-header', `header ${name}: expected to be set, it is there once`)
}

function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new StickyError('invalid-header', 'expected the name of a header field, got something else')
  }
  if (OURS.test(name)) {
    throw new StickyError(
      'invalid-header',
      `header ${name}: expected one that a hook may change; it frames the message`,
    )
  }
  if (typeof value !== 'string' || !VALUE.test(value)) {
    const expected = 'expected text of latin1 characters without control characters'
    throw new StickyError('invalid-header', `header ${name}: ${expected}`)
  }
}
