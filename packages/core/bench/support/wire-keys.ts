import { randomUUID } from 'node:crypto'

const LENGTH = 36

/**
 * Keys as a server has them: each reading cuts a new string out of received bytes. Such a string has no hash yet, and
 * is not the object that a table holds, so every lookup hashes and compares it; a constant would be found for nothing.
 */
export class WireKeys {
  readonly count: number
  readonly #bytes: Buffer
  #next = 0

  constructor(count: number) {
    this.count = count
    this.#bytes = Buffer.from(Array.from({ length: count }, () => randomUUID()).join(''), 'latin1')
  }

  at(index: number): string {
    return this.#bytes.toString('latin1', index * LENGTH, (index + 1) * LENGTH)
  }

  /** One key after the other, in an order that no cache foresees: steps by the golden ratio reach all 2^n keys. */
  next(): string {
    this.#next = (this.#next + 0x9e3779b1) >>> 0
    return this.at(this.#next % this.count)
  }
}
