import { slicedHash } from '../hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../hash/native-endpoint-hash.ts'
import { optionsObject } from '../option.ts'
import type { Balancer } from './balancer.ts'
import { HashPlacement } from './hash-placement.ts'
import type { HashPlacementOptions } from './rendezvous.ts'

/**
 * Places keys by Maglev hashing: shares within a per cent of the weights for up to about 650 endpoints, at the price of some keys
 * that move although their endpoint stays whenever the set changes. For keys that are bound in a table that costs nothing.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function maglev(options: HashPlacementOptions = {}): Balancer {
  optionsObject('maglev', options, ['seed'])
  const empty = slicedHash([], { algorithm: 'maglev', seed: options.seed ?? 0 })
  return new HashPlacement(nativeEndpointHash(empty))
}
