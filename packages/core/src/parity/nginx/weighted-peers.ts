import type { NginxServer } from './nginx-server.ts'

/** The servers in the order of the config, each as wide as its weight; those that are down keep their width. */
export class WeightedPeers {
  /** The sum of all weights, `total_weight` in nginx. */
  readonly total: number
  readonly #ends: Float64Array

  constructor(servers: readonly NginxServer[]) {
    this.#ends = new Float64Array(servers.length)
    let end = 0
    for (const [index, { weight }] of servers.entries()) {
      end += weight
      this.#ends[index] = end
    }
    this.total = end
  }

  /** The index of the server that `place` falls on; `place` is below `total`. */
  at(place: number): number {
    let low = 0
    let high = this.#ends.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (place < (this.#ends[middle] as number)) high = middle
      else low = middle + 1
    }
    return low
  }
}
