import type { Ring } from './ring.ts'

const WHOLE = 2 ** 32

/**
 * The exact part of all keys that each member of a ring has. With two probes a point wins a distance `d` with the chance that the
 * other probe is farther: `Σ over d of 2·S(d) + …`, where `S(d)` counts the positions whose next point is at least `d` away. `S` is
 * linear between the lengths of two arcs, so that the sum over an arc is a quadratic in its length, read off prefix sums
 * over the arcs in order of length.
 */
export function ringShares(ring: Ring): ReadonlyMap<string, number> {
  const { points, slots, members } = ring
  const shares = new Map(members.map(({ identity }) => [identity, 0]))
  const { size, positions } = points
  if (size === 0) return shares
  const lengths = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const before = positions[i === 0 ? size - 1 : i - 1] as number
    const length = ((positions[i] as number) - before) >>> 0
    // One point alone has the whole ring; a second point at one position has nothing.
    lengths[i] =
      length === 0 && (size === 1 || positions[0] === positions[size - 1]) && i === 0 ? WHOLE : length
  }
  const wins = winsByLength(lengths)
  for (let i = 0; i < size; i++) {
    const { identity } = slots[points.slots[i] as number] as { readonly identity: string }
    shares.set(identity, (shares.get(identity) as number) + wins(i))
  }
  return shares
}

/** For each arc, the part of all pairs of probes that it wins. */
function winsByLength(lengths: Float64Array): (index: number) => number {
  const order = Array.from(lengths.keys()).sort((a, b) => (lengths[a] as number) - (lengths[b] as number))
  const wins = new Float64Array(lengths.length)
  // Distances are 0 … length-1. With `more` arcs longer than d, S(d+1) = positions farther than d.
  let distance = 0
  let farther = WHOLE
  let sum = 0
  for (let rank = 0; rank < order.length; rank++) {
    const index = order[rank] as number
    const length = lengths[index] as number
    const steps = length - distance
    if (steps > 0) {
      const arcs = order.length - rank
      // Over these distances `arcs` positions lie at each: both probes at one distance share it, so the pair counts once.
      // Σ_{k=0}^{steps-1} 2·(farther - arcs·(k+1)) + arcs
      sum += 2 * (farther * steps - (arcs * steps * (steps + 1)) / 2) + arcs * steps
      farther -= arcs * steps
      distance = length
    }
    wins[index] = sum / (WHOLE * WHOLE)
  }
  return (index) => wins[index] as number
}
