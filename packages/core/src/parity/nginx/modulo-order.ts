import { CRC32_START, crc32Byte, crc32Finish, crc32Update } from '../crc32.ts'
import type { PeerOrder } from './peer-walk.ts'
import type { WeightedPeers } from './weighted-peers.ts'

const NO_KEY = new Uint8Array(0)

/**
 * `hash KEY` without `consistent`: the key is hashed behind the number of the rehash, empty at first; fifteen bits of each CRC-32 are added
 * up, and the sum is taken modulo the weights. Every question is a rehash, also that after a failed connection.
 */
export class ModuloOrder implements PeerOrder {
  readonly #peers: WeightedPeers
  #key: Uint8Array = NO_KEY
  #rehash = 0
  #sum = 0

  constructor(peers: WeightedPeers) {
    this.#peers = peers
  }

  begin(key: Uint8Array): void {
    this.#key = key
    this.#rehash = 0
    this.#sum = 0
  }

  peer(): number {
    const state = this.#rehash === 0 ? CRC32_START : decimalState(this.#rehash)
    this.#rehash++
    this.#sum = (this.#sum + ((crc32Finish(crc32Update(state, this.#key)) >>> 16) & 0x7fff)) >>> 0
    return this.#peers.at(this.#sum % this.#peers.total)
  }

  skip(): void {}
}

/** The CRC-32 state behind a number above 0 in decimal digits. */
function decimalState(number: number): number {
  let unit = 1
  while (unit * 10 <= number) unit *= 10
  let state = CRC32_START
  for (; unit >= 1; unit /= 10) state = crc32Byte(state, 0x30 + (Math.floor(number / unit) % 10))
  return state
}
