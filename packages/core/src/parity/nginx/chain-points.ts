import { crc32Byte, crc32Finish } from '../crc32.ts'
import { SortedPoints } from '../sorted-points.ts'

/** Points for each unit of weight, in nginx as in lua-resty-balancer. */
const POINTS = 160

/** Who has points: where its chain begins, and its weight. */
export interface ChainOwner {
  /** The CRC-32 state behind its name. */
  readonly state: number
  /** A whole number; 0 has no points. */
  readonly weight: number
}

/**
 * The ring of nginx's `hash … consistent` and of lua-resty-balancer: each point is the CRC-32 of the owner's name and the four bytes of the
 * point before it, the lowest first, from 0. So the points of weight 2 begin with those of weight 1. Owners are indexes into `owners`.
 */
export function chainPoints(owners: readonly ChainOwner[]): SortedPoints {
  const total = owners.reduce((sum, { weight }) => sum + weight, 0) * POINTS
  const positions = new Uint32Array(total)
  const indexes = new Uint32Array(total)
  let at = 0
  for (const [index, { state, weight }] of owners.entries()) {
    let point = 0
    for (let left = weight * POINTS; left > 0; left--) {
      point = nextPoint(state, point)
      positions[at] = point
      indexes[at++] = index
    }
  }
  return new SortedPoints(positions, indexes)
}

function nextPoint(state: number, previous: number): number {
  let crc = crc32Byte(state, previous & 0xff)
  crc = crc32Byte(crc, (previous >>> 8) & 0xff)
  crc = crc32Byte(crc, (previous >>> 16) & 0xff)
  return crc32Finish(crc32Byte(crc, previous >>> 24))
}
