import type { PeerOrder } from './peer-walk.ts'
import type { WeightedPeers } from './weighted-peers.ts'

const NO_KEY = new Uint8Array(0)

/** `ip_hash`: the bytes of the address are folded into a number below 6271; the next try folds them in once more. */
export class AddressOrder implements PeerOrder {
  readonly #peers: WeightedPeers
  #key: Uint8Array = NO_KEY
  #hash = 89

  constructor(peers: WeightedPeers) {
    this.#peers = peers
  }

  begin(key: Uint8Array): void {
    this.#key = key
    this.#hash = 89
  }

  peer(): number {
    const key = this.#key
    let hash = this.#hash
    for (let i = 0; i < key.length; i++) hash = (hash * 113 + (key[i] as number)) % 6271
    this.#hash = hash
    return this.#peers.at(hash % this.#peers.total)
  }

  skip(): void {}
}
