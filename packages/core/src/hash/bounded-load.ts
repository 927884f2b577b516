import type { PickOptions } from './consistent-hash.ts'
import type { WeightedMember } from './member.ts'

/** True if a pick leaves the member out: it is to be skipped, or would have more than its capacity. */
export function isLeftOut(
  member: WeightedMember,
  { skip, load, total = 0, bound }: PickOptions<WeightedMember>,
  totalWeight: number,
): boolean {
  if (skip?.(member)) return true
  if (bound === undefined || load === undefined) return false
  return load(member) + 1 > capacityOf(bound, total, member.weight, totalWeight)
}

/**
 * Requests that a member of this weight may have, with one more than `total` under way; at least 1. Divided last, so that rounding
 * does not make one more of a whole number.
 */
export function capacityOf(bound: number, total: number, weight: number, totalWeight: number): number {
  return Math.max(1, Math.ceil((bound * (total + 1) * weight) / totalWeight))
}
