import { StickyError } from '../../error.ts'

/** The longest name on the wire, its last zero included (RFC 1035, 2.3.4). */
const MAX_NAME_BYTES = 255
/** A name of 255 bytes has at most 127 labels; more pointers than that only cost time. */
const MAX_POINTERS = 127

export function malformed(what: string): StickyError {
  return new StickyError('dns', `malformed DNS message: ${what}`)
}

/** Reads a message from its beginning; reading past its end is an error, never garbage. */
export class WireReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get offset(): number {
    return this.#offset
  }

  word(): number {
    return this.#bytes.readUInt16BE(this.#take(2, 'a number'))
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#take(4, 'a number'))
  }

  bytes(length: number): Buffer {
    const start = this.#take(length, 'data')
    return this.#bytes.subarray(start, start + length)
  }

  /**
   * A name in lower case, without a dot at its end; the root is ''. Bytes that stand in no host name are escaped (RFC
   * 1035, 5.1), so that two different names never read alike.
   */
  name(): string {
    const labels: string[] = []
    let length = 1
    let pointers = 0
    let at = this.#offset
    // A pointer must lead before the name it ends, and every further one before that: so no chain of them can loop.
    let before = at
    let end: number | undefined
    for (;;) {
      const head = this.#bytes[at]
      if (head === undefined) throw malformed('it ends within a name')
      if (head === 0) break
      if (head >= 0xc0) {
        const low = this.#bytes[at + 1]
        if (low === undefined) throw malformed('it ends within a pointer')
        end ??= at + 2
        at = ((head & 0x3f) << 8) | low
        if (at >= before) throw malformed('a pointer does not lead backwards')
        if (++pointers > MAX_POINTERS) throw malformed('too many pointers in a name')
        before = at
        continue
      }
      if (head >= 0x40) throw malformed('a label of unknown type')
      length += head + 1
      if (length > MAX_NAME_BYTES) throw malformed('a name is too long')
      if (at + 1 + head > this.#bytes.length) throw malformed('it ends within a label')
      labels.push(labelText(this.#bytes.subarray(at + 1, at + 1 + head)))
      at += head + 1
    }
    this.#offset = end ?? at + 1
    return labels.join('.')
  }

  #take(length: number, what: string): number {
    const start = this.#offset
    if (start + length > this.#bytes.length) throw malformed(`it ends within ${what}`)
    this.#offset = start + length
    return start
  }
}

function labelText(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\w-]/g, (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`)
    .toLowerCase()
}
