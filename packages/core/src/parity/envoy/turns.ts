/**
 * Whose turn it is to take a place in a Maglev table. Envoy goes round all hosts, and passes over those for whose weight it is too early;
 * with one heavy host among thousands that is nearly all of them, each time. Here the next turn of each host is computed, and a
 * heap has the earliest: by round, and within a round in the order of the hosts.
 */
export class TurnQueue {
  readonly #shares: readonly number[]
  readonly #most: number
  readonly #rounds: number
  /** What a host's share times the round must reach, raised by the greatest share at each turn, as in Envoy. */
  readonly #targets: Float64Array
  /** A heap of `round * count + host`, the least first; below 2^53, as there are fewer rounds than 2^24. */
  readonly #heap: Float64Array

  /** `size`: how many turns there will be. */
  constructor(shares: readonly number[], size: number) {
    this.#shares = shares
    // The heaviest has a turn in each round, but for a few in which the sum of its shares was rounded up.
    this.#rounds = 2 * size + 2
    this.#most = shares.reduce((most, share) => Math.max(most, share), 0)
    this.#targets = new Float64Array(shares.length)
    // All take a turn in the first round: in this order they are a heap.
    this.#heap = Float64Array.from(shares, (_, host) => shares.length + host)
  }

  /** The index of the next host. */
  take(): number {
    const count = this.#shares.length
    const first = this.#heap[0] as number
    const round = Math.floor(first / count)
    const host = first - round * count
    const target = (this.#targets[host] as number) + this.#most
    this.#targets[host] = target
    this.#sink(this.#roundOf(host, target, round + 1) * count + host)
    return host
  }

  /** The first round from `earliest` whose number times the host's share is not below its target; a late one if there is none in time. */
  #roundOf(host: number, target: number, earliest: number): number {
    const share = this.#shares[host] as number
    // One less than the quotient, which rounding may have raised; the loop decides by Envoy's own comparison.
    let round = Math.min(this.#rounds + 1, Math.max(earliest, Math.floor(target / share) - 1))
    while (round <= this.#rounds && round * share < target) round++
    return round
  }

  /** Puts a key in the place of the first. */
  #sink(key: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++
      if ((heap[child] as number) >= key) break
      heap[at] = heap[child] as number
      at = child
    }
    heap[at] = key
  }
}
