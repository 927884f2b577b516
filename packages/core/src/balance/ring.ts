import { slicedHash } from '../hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../hash/native-endpoint-hash.ts'
import { invalidOption, optionsObject } from '../option.ts'
import type { Balancer } from './balancer.ts'
import { HashPlacement } from './hash-placement.ts'

/** Options of {@link ring}. @public */
export interface RingOptions {
  /**
   * Mixed into every hash, a whole number from 0 to 4 294 967 295: who does not know it cannot choose keys that all go to one
   * endpoint. The same in every replica. Default 0.
   */
  readonly seed?: number
  /**
   * How much more than its share of the requests under way here an endpoint may have to be given a new key, from 1 to 1 000; 1.25 is
   * usual. Replicas then place a new key of a busy pool differently; the first to bind it decides. Default: any number.
   */
  readonly bound?: number
}

/**
 * Places keys by the ring of `consistentHash()`: the endpoint depends on the key and the set of (identity, weight) alone, so that
 * replicas agree and a lost table finds the same endpoints again; a changed set moves only the keys it must. The mapping is
 * frozen (`docs/guide/hashing.md`). A request without a key is balanced at random by weight.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function ring(options: RingOptions = {}): Balancer {
  optionsObject('ring', options, ['seed', 'bound'])
  const { seed = 0, bound } = options
  if (bound !== undefined && (typeof bound !== 'number' || !(bound >= 1 && bound <= 1_000))) {
    throw invalidOption('ring.bound', 'a number from 1 to 1000', bound)
  }
  // Checks the seed now rather than with the first key.
  const empty = slicedHash([], { algorithm: 'ring', seed })
  return new HashPlacement(nativeEndpointHash(empty), bound)
}
