import type { ConsistentHash, Difference } from './consistent-hash.ts'
import { differenceOf, MovedShares, sampledDifference } from './difference.ts'
import type { WeightedMember } from './member.ts'
import { Ring } from './ring.ts'

const WHOLE = 2 ** 32
/** Pairs of intervals that are looked at for an exact answer; about ten nanoseconds each. */
const MOST_PAIRS = 200_000_000

/**
 * Positions between two neighbouring points of either ring. A position that is `s` before its end is `s + before` away from the
 * next point of the ring of before, and `s + after` from that of the ring of after; one of the two is 0.
 */
interface Intervals {
  readonly lengths: Float64Array
  readonly before: Float64Array
  readonly after: Float64Array
  /** Numbers of the owners. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** Indexes of those where the two rings differ. */
  readonly changed: readonly number[]
}

/**
 * What moves between two rings. Exact where the changed intervals times all are few enough, else by samples: one changed member
 * among 5 000 is exact, 1 000 against 1 400 is not.
 */
export function ringDifference(before: Ring, after: ConsistentHash): Difference {
  if (!(after instanceof Ring) || after.seed !== before.seed) return sampledDifference(before, after)
  if (before.points.size === 0 || after.points.size === 0) return differenceOf(new MovedShares(), true, 0)
  const identities: string[] = []
  const intervals = intervalsOf(before, after, identities)
  const { changed, lengths } = intervals
  if (changed.length * lengths.length > MOST_PAIRS) return sampledDifference(before, after)
  return differenceOf(movedShares(intervals, identities), true, 0)
}

function movedShares(intervals: Intervals, identities: readonly string[]): MovedShares {
  const { lengths, before, after, from, to, changed } = intervals
  const isChanged = new Uint8Array(lengths.length)
  for (const index of changed) isChanged[index] = 1
  const shares = new MovedShares()
  const add = (source: number, target: number, pairs: number) => {
    if (source === target || pairs <= 0) return
    // Either probe can be the first.
    shares.add(identities[source] as string, identities[target] as string, (2 * pairs) / (WHOLE * WHOLE))
  }
  const won = new Float64Array(identities.length)
  const lost = new Float64Array(identities.length)
  for (const x of changed) {
    won.fill(0)
    lost.fill(0)
    let both = 0
    const length = lengths[x] as number
    const beforeX = before[x] as number
    const afterX = after[x] as number
    for (let y = 0; y < lengths.length; y++) {
      const other = lengths[y] as number
      const k = (before[y] as number) - beforeX
      const l = (after[y] as number) - afterX
      both += nearer(length, other, Math.min(k, l))
      // x is nearer before, y after.
      if (l < k)
        won[to[y] as number] =
          (won[to[y] as number] as number) + nearer(length, other, k) - nearer(length, other, l)
      // y is nearer before, x after; pairs of two changed ones are seen from the other side.
      if (k < l && isChanged[y] === 0) {
        lost[from[y] as number] =
          (lost[from[y] as number] as number) + nearer(other, length, -k) - nearer(other, length, -l)
      }
    }
    add(from[x] as number, to[x] as number, both)
    for (let member = 0; member < identities.length; member++) {
      add(from[x] as number, member, won[member] as number)
      add(member, to[x] as number, lost[member] as number)
    }
  }
  return shares
}

/** The number of pairs (s in a length, t in another) with `s < t + k`: an integral of a clamped line. */
function nearer(length: number, other: number, k: number): number {
  return below(length, other + k) - below(length, k)
}

function below(length: number, z: number): number {
  if (z <= 0) return 0
  return z <= length ? (z * z) / 2 : length * z - (length * length) / 2
}

function intervalsOf(before: Ring, after: Ring, identities: string[]): Intervals {
  const numbers = new Map<string, number>()
  const numberOf = (ring: Ring, index: number): number => {
    const { identity } = ring.slots[ring.points.slots[index] as number] as WeightedMember
    let number = numbers.get(identity)
    if (number === undefined) {
      number = identities.push(identity) - 1
      numbers.set(identity, number)
    }
    return number
  }
  const ends = unionOf(before.points.positions, after.points.positions)
  const lengths = new Float64Array(ends.length)
  const toBefore = new Float64Array(ends.length)
  const toAfter = new Float64Array(ends.length)
  const from = new Uint32Array(ends.length)
  const to = new Uint32Array(ends.length)
  const changed: number[] = []
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number
    const previous = ends[i === 0 ? ends.length - 1 : i - 1] as number
    lengths[i] = ends.length === 1 ? WHOLE : (end - previous) >>> 0
    const nextBefore = before.points.indexAt(end)
    const nextAfter = after.points.indexAt(end)
    toBefore[i] = ((before.points.positions[nextBefore] as number) - end) >>> 0
    toAfter[i] = ((after.points.positions[nextAfter] as number) - end) >>> 0
    from[i] = numberOf(before, nextBefore)
    to[i] = numberOf(after, nextAfter)
    if (from[i] !== to[i] || toBefore[i] !== toAfter[i]) changed.push(i)
  }
  return { lengths, before: toBefore, after: toAfter, from, to, changed }
}

/** Two sorted lists as one, each number once. */
function unionOf(one: Uint32Array, two: Uint32Array): Uint32Array {
  const union = new Uint32Array(one.length + two.length)
  let size = 0
  for (let i = 0, j = 0; i < one.length || j < two.length; ) {
    const a = i < one.length ? (one[i] as number) : WHOLE
    const b = j < two.length ? (two[j] as number) : WHOLE
    const next = Math.min(a, b)
    if (a === next) i++
    if (b === next) j++
    if (size === 0 || union[size - 1] !== next) union[size++] = next
  }
  return union.subarray(0, size)
}
