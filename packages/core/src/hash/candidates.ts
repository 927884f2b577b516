import type { ConsistentHash, Explanation } from './consistent-hash.ts'
import type { WeightedMember } from './member.ts'

const MOST_EXPLAINED = 8

/** Who takes a key, and who takes it as each is left out in turn. */
export function* candidatesOf(
  hash: ConsistentHash,
  key: string | Uint8Array,
): IterableIterator<WeightedMember> {
  const given = new Set<WeightedMember>()
  const skip = (member: WeightedMember) => given.has(member)
  for (let next = hash.pick(key); next; next = hash.pick(key, { skip })) {
    given.add(next)
    yield next
  }
}

/** Why a key with these two hashes is where it is. */
export function explanationOf(
  hash: ConsistentHash,
  key: string | Uint8Array,
  { first, second }: { readonly first: number; readonly second: number },
): Explanation {
  const candidates: string[] = []
  for (const { identity } of candidatesOf(hash, key)) {
    candidates.push(identity)
    if (candidates.length === MOST_EXPLAINED) break
  }
  return { algorithm: hash.algorithm, version: hash.version, hashes: [first, second], candidates }
}
