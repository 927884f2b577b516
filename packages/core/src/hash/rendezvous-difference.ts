import type { Difference } from './consistent-hash.ts'
import { differenceOf, MovedShares } from './difference.ts'
import type { WeightedMember } from './member.ts'

/** A member's weights before and after; 0 where it is not there. */
interface Change {
  readonly identity: string
  readonly before: number
  readonly after: number
}

/**
 * What moves, exactly. With `E = -ln(u)`, exponentially distributed, the member with the smallest `E / weight` wins. That `f` wins at
 * time `x` before and `t` at time `y` after has the density `w_f · v_t · exp(-Σ max(w_i x, v_i y))`; integrated over all times of one
 * ratio `r = y / x` it leaves `w_f · v_t · ∫ dr / M(r)²` with `M(r) = Σ max(w_i, v_i r)`, over the ratios from `w_t / v_t` to
 * `w_f / v_f`. `M` is linear between the ratios of two members, so that the integral is a sum over them.
 */
export function rendezvousDifference(
  before: readonly WeightedMember[],
  after: readonly WeightedMember[],
): Difference {
  const changes = changesOf(before, after)
  const isEmpty = !changes.some((change) => change.before > 0) || !changes.some((change) => change.after > 0)
  if (isEmpty) return differenceOf(new MovedShares(), true, 0)
  const ratios = [...new Set(changes.map(ratioOf))].sort((one, other) => one - other)
  const integral = integralsAt(ratios, changes)
  const shares = new MovedShares()
  for (const from of changes) {
    for (const to of changes) {
      if (ratioOf(from) <= ratioOf(to) || from.before === 0 || to.after === 0) continue
      const between = (integral.get(ratioOf(from)) as number) - (integral.get(ratioOf(to)) as number)
      const share = from.before * to.after * between
      if (share > 0) shares.add(from.identity, to.identity, share)
    }
  }
  return differenceOf(shares, true, 0)
}

function changesOf(before: readonly WeightedMember[], after: readonly WeightedMember[]): Change[] {
  const weights = new Map(after.map(({ identity, weight }) => [identity, weight]))
  const changes: Change[] = before.map(({ identity, weight }) => {
    const change = { identity, before: weight, after: weights.get(identity) ?? 0 }
    weights.delete(identity)
    return change
  })
  for (const [identity, weight] of weights) changes.push({ identity, before: 0, after: weight })
  return changes.filter((change) => change.before > 0 || change.after > 0)
}

/** How far the member's time before may lie behind its time after; infinite for one that goes. */
function ratioOf({ before, after }: Change): number {
  return after === 0 ? Number.POSITIVE_INFINITY : before / after
}

/** `∫ dr / M(r)²` from 0 to each ratio; `ratios` in order. */
function integralsAt(ratios: readonly number[], changes: readonly Change[]): ReadonlyMap<number, number> {
  const sorted = changes.toSorted((one, other) => ratioOf(one) - ratioOf(other))
  const integrals = new Map<number, number>([[0, 0]])
  // M(r) = fixed + slope·r: the weights before of those whose ratio is above r, and the weights after of the others.
  let fixed = changes.reduce((sum, change) => sum + change.before, 0)
  let slope = 0
  let from = 0
  let sum = 0
  let next = 0
  for (const ratio of ratios) {
    sum += integral(fixed, slope, from, ratio)
    integrals.set(ratio, sum)
    from = ratio
    for (; next < sorted.length && ratioOf(sorted[next] as Change) <= ratio; next++) {
      fixed -= (sorted[next] as Change).before
      slope += (sorted[next] as Change).after
    }
  }
  return integrals
}

/** `∫ dr / (fixed + slope·r)²` from `from` to `to`. */
function integral(fixed: number, slope: number, from: number, to: number): number {
  if (to === from) return 0
  if (slope === 0) return (to - from) / (fixed * fixed)
  const start = fixed + slope * from
  return to === Number.POSITIVE_INFINITY ? 1 / (slope * start) : (to - from) / (start * (fixed + slope * to))
}
