import { trimmed } from './response-head.ts'

/** Hears what a {@link ChunkedDecoder} finds. */
export interface ChunkedListener {
  /** The next part of the body, one for each `read` that holds any. */
  data(part: Buffer): void
}

/** Longest chunk-size line, extensions included, and all trailers together. */
const MOST_LINE_BYTES = 4_096
const MOST_TRAILER_BYTES = 16_384
const SIZE_LINE = /^([\da-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/
const TRAILER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/

/**
 * Takes the chunked transfer coding apart (RFC 9112, 7.1), strictly: a size that another reader could take for a
 * different one ends the exchange.
 */
export class ChunkedDecoder {
  /** Names and values in turn. */
  readonly trailers: string[] = []
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'done' = 'size'
  #left = 0
  #line = ''
  #trailerBytes = 0
  /** Chunks of the bytes being read. */
  #chunks: Buffer[] = []

  /**
   * Reads `bytes` and answers how many of them belong to the message, or what is wrong. `isDone` tells its end.
   */
  read(bytes: Buffer, listener: ChunkedListener): number | string {
    const read = this.#read(bytes)
    const chunks = this.#chunks
    // A pod that writes byte by byte would cost a write for each: what came in one read goes on in one.
    if (chunks.length > 0) listener.data(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    chunks.length = 0
    return read
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  #read(bytes: Buffer): number | string {
    let at = 0
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#left)
        this.#left -= end - at
        this.#chunks.push(bytes.subarray(at, end))
        at = end
        if (this.#left === 0) this.#state = 'data-end'
        continue
      }
      const newline = bytes.indexOf(0x0a, at)
      const end = newline < 0 ? bytes.length : newline
      if (this.#line.length + end - at > MOST_LINE_BYTES) return 'a line of the chunked coding is too long'
      this.#line += bytes.toString('latin1', at, end)
      at = end + 1
      if (newline < 0) return bytes.length
      if (!this.#line.endsWith('\r')) return 'a line of the chunked coding ends without CR'
      const line = this.#line.slice(0, -1)
      this.#line = ''
      const wrong = this.#readLine(line)
      if (wrong !== undefined) return wrong
    }
    return at
  }

  #readLine(line: string): string | undefined {
    if (this.#state === 'data-end') {
      this.#state = 'size'
      return line === '' ? undefined : 'a chunk is longer than its size'
    }
    if (this.#state === 'size') {
      const size = SIZE_LINE.exec(line)
      if (!size) return 'a chunk size is no hex number'
      this.#left = Number.parseInt(size[1] as string, 16)
      this.#state = this.#left === 0 ? 'trailers' : 'data'
      return undefined
    }
    if (line === '') {
      this.#state = 'done'
      return undefined
    }
    this.#trailerBytes += line.length
    const trailer = TRAILER.exec(line)
    if (!trailer || this.#trailerBytes > MOST_TRAILER_BYTES)
      return 'a trailer is malformed, or there are too many'
    this.trailers.push(trailer[1] as string, trimmed(trailer[2] as string))
    return undefined
  }
}
