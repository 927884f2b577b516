/** nginx gives up hashing after so many tries (`tries > 20` in its hash modules), and balances by round robin. */
const MOST_TRIES = 20

/** The order in which an nginx method meets the servers. */
export interface PeerOrder {
  /** Starts over with another key. */
  begin(key: Uint8Array): void
  /** The index of the server where the walk stands; some orders move on by being asked. */
  peer(): number
  /** Moves on because that server could not be taken. */
  skip(): void
}

/**
 * nginx's walk over the servers for one key: down and failed ones, and those that this request has tried, are passed over, each at the
 * cost of a try. A walk that was begun without `remember` takes nothing off the heap.
 */
export class PeerWalk {
  readonly #order: PeerOrder
  readonly #isUsable: Uint8Array
  #tried: Uint8Array | undefined
  #tries = 0

  constructor(order: PeerOrder, isUsable: Uint8Array) {
    this.#order = order
    this.#isUsable = isUsable
  }

  /** @param remember whether `next` is called again, so that what it has answered must be kept in mind */
  begin(key: Uint8Array, remember: boolean): void {
    this.#order.begin(key)
    this.#tries = 0
    this.#tried = remember ? new Uint8Array(this.#isUsable.length) : undefined
  }

  /** The index of the server to be tried next; -1 where nginx goes on by other means. */
  next(): number {
    while (this.#tries <= MOST_TRIES) {
      const peer = this.#order.peer()
      if (this.#isUsable[peer] === 1 && this.#tried?.[peer] !== 1) {
        if (this.#tried) this.#tried[peer] = 1
        return peer
      }
      this.#order.skip()
      this.#tries++
    }
    return -1
  }
}
