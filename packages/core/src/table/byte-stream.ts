import { damaged } from './snapshot-format.ts'

/** Bytes that come in pieces of any size, read in pieces of chosen size. */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  }

  /** @throws StickyError `snapshot-damaged` if there are not as many left */
  async take(count: number): Promise<Buffer> {
    const parts = [this.#rest]
    let length = this.#rest.length
    while (length < count) {
      const piece = await this.#nextPiece()
      if (piece === undefined) throw damaged('it is cut short')
      parts.push(piece)
      length += piece.length
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts)
    this.#rest = all.subarray(count)
    return all.subarray(0, count)
  }

  /** True if nothing is left. */
  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const piece = await this.#nextPiece()
      if (piece === undefined) return true
      this.#rest = piece
    }
    return false
  }

  /** Tells the source that no more is read. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #nextPiece(): Promise<Buffer | undefined> {
    const { done, value } = await this.#pieces.next()
    if (done) return undefined
    if (!(value instanceof Uint8Array)) throw damaged('it does not consist of bytes')
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
}
