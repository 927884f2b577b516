import type { ConsistentHash, Difference, Movement } from './consistent-hash.ts'
import { avalanche } from './key-lanes.ts'

const SAMPLES = 200_000

/** The difference made of shares by `from` and `to`, which are one text with a NUL between them. */
export function differenceOf(
  shares: ReadonlyMap<string, number>,
  isExact: boolean,
  error: number,
): Difference {
  const movements: Movement[] = []
  let moved = 0
  for (const [movement, share] of shares) {
    const [from, to] = movement.split('\0') as [string, string]
    movements.push({ from, to, share })
    moved += share
  }
  movements.sort((one, other) => other.share - one.share)
  return { moved: Math.min(1, moved), movements, isExact, error }
}

/** The difference by 200 000 keys, the same at each call. Keys that one of the two places nowhere do not count as moved. */
export function sampledDifference(before: ConsistentHash, after: ConsistentHash): Difference {
  const shares = new Map<string, number>()
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
    const movement = `${from}\0${to}`
    shares.set(movement, (shares.get(movement) ?? 0) + 1 / SAMPLES)
  }
  const part = moved / SAMPLES
  return differenceOf(shares, false, 3 * Math.sqrt((part * (1 - part)) / SAMPLES))
}
