import type { ConsistentHash, Difference, Movement } from './consistent-hash.ts'
import { avalanche } from './key-lanes.ts'

const SAMPLES = 200_000

/** Shares of all keys by where they move from and to; identities may hold any character. */
export class MovedShares {
  readonly #byFrom = new Map<string, Map<string, number>>()

  add(from: string, to: string, share: number): void {
    let byTo = this.#byFrom.get(from)
    if (!byTo) {
      byTo = new Map()
      this.#byFrom.set(from, byTo)
    }
    byTo.set(to, (byTo.get(to) ?? 0) + share)
  }

  *movements(): Generator<Movement> {
    for (const [from, byTo] of this.#byFrom) {
      for (const [to, share] of byTo) yield { from, to, share }
    }
  }
}

/** The difference made of shares. */
export function differenceOf(shares: MovedShares, isExact: boolean, error: number): Difference {
  const movements = [...shares.movements()].sort((one, other) => other.share - one.share)
  const moved = movements.reduce((sum, { share }) => sum + share, 0)
  return { moved: Math.min(1, moved), movements, isExact, error }
}

/** The difference by 200 000 keys, the same at each call. Keys that one of the two places nowhere do not count as moved. */
export function sampledDifference(before: ConsistentHash, after: ConsistentHash): Difference {
  const shares = new MovedShares()
  const key = new Uint8Array(8)
  const words = new DataView(key.buffer)
  let moved = 0
  for (let i = 0; i < SAMPLES; i++) {
    words.setUint32(0, avalanche(i + 1))
    words.setUint32(4, i)
    const from = before.pick(key)?.identity
    const to = after.pick(key)?.identity
    if (from === to || from === undefined || to === undefined) continue
    moved++
    shares.add(from, to, 1 / SAMPLES)
  }
  const part = moved / SAMPLES
  return differenceOf(shares, false, 3 * Math.sqrt((part * (1 - part)) / SAMPLES))
}
