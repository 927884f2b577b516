import { POLICY_END, VALUE_END } from './hash-policy.ts'
import type { Hash64 } from './hash64.ts'
import { xxh64 } from './xxh64.ts'

/**
 * What Envoy hashes a request to (`HashPolicyImpl::generateHash`, source/common/http/hash_policy.cc), from the bytes of
 * `HashPolicies.key`: the values of a policy chained, each under the hash before it as its seed; the hash of each policy by exclusive or
 * with those before it, turned by a bit. Allocates nothing.
 */
export function requestHash(hash: Hash64, key: Uint8Array): void {
  hash.set(0, 0)
  if (mayHaveEnds(key)) hashParts(hash, key)
  else xxh64(hash, key, 0, key.length)
}

/** True if there is a byte up to CR: of four at a time, as most keys have none and a branch for each byte is a third of the hash. */
function mayHaveEnds(key: Uint8Array): boolean {
  const whole = key.length & ~3
  for (let at = 0; at < whole; at += 4) {
    const one = ((key[at] as number) - POLICY_END - 1) | ((key[at + 1] as number) - POLICY_END - 1)
    const two = ((key[at + 2] as number) - POLICY_END - 1) | ((key[at + 3] as number) - POLICY_END - 1)
    if ((one | two) < 0) return true
  }
  for (let at = whole; at < key.length; at++) if ((key[at] as number) <= POLICY_END) return true
  return false
}

function hashParts(hash: Hash64, key: Uint8Array): void {
  let from = 0
  let high = 0
  let low = 0
  for (let at = 0; at < key.length; at++) {
    const byte = key[at] as number
    if (byte !== POLICY_END && byte !== VALUE_END) continue
    xxh64(hash, key, from, at)
    from = at + 1
    if (byte === VALUE_END) continue
    const turned = (high << 1) | (low >>> 31)
    low = ((low << 1) | (high >>> 31)) ^ hash.low
    high = turned ^ hash.high
    hash.set(0, 0)
  }
  xxh64(hash, key, from, key.length)
  hash.set(((high << 1) | (low >>> 31)) ^ hash.high, ((low << 1) | (high >>> 31)) ^ hash.low)
}
