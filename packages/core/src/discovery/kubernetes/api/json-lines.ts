import { StickyError } from '../../../error.ts'

const NEWLINE = 0x0a

/**
 * Splits a stream into lines by bytes, so that a chunk may end anywhere: within a line, a JSON string or a UTF-8
 * character. Only whole lines become text.
 */
export class JsonLines {
  readonly #maxBytes: number
  /** The beginning of a line whose end has not come. */
  #parts: Uint8Array[] = []
  #length = 0

  /** `maxBytes`: the longest line that is kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * The lines that `chunk` ends, without those that are blank.
   *
   * @throws StickyError `kubernetes` where a line is longer than allowed
   */
  *take(chunk: Buffer): Generator<string> {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end))
      start = end + 1
      const line = this.#line()
      if (line.trim() !== '') yield line
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** True where the stream ended within a line. */
  get isWithinLine(): boolean {
    return this.#length > 0
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length
    if (this.#length > this.#maxBytes) {
      throw new StickyError(
        'kubernetes',
        `expected events of at most ${this.#maxBytes} bytes, got a longer one`,
      )
    }
    this.#parts.push(part)
  }

  #line(): string {
    const [only] = this.#parts
    const bytes = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  }
}
