import { slicedHash } from '../hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../hash/native-endpoint-hash.ts'
import { optionsObject } from '../option.ts'
import type { Balancer } from './balancer.ts'
import { HashPlacement } from './hash-placement.ts'

/** Options of {@link rendezvous} and {@link maglev}. @public */
export interface HashPlacementOptions {
  /**
   * Mixed into every hash, a whole number from 0 to 4 294 967 295: who does not know it cannot choose keys that all go to one
   * endpoint. The same in every replica. Default 0.
   */
  readonly seed?: number
}

/**
 * Places keys by weighted rendezvous hashing: as `ring()`, with shares that are exactly those of the weights. Costs some
 * nanoseconds for each endpoint and key, so it suits pools of up to about fifty.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function rendezvous(options: HashPlacementOptions = {}): Balancer {
  optionsObject('rendezvous', options, ['seed'])
  const empty = slicedHash([], { algorithm: 'rendezvous', seed: options.seed ?? 0 })
  return new HashPlacement(nativeEndpointHash(empty))
}
