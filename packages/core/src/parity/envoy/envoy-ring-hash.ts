import { choiceOption, integerOption, invalidOption, optionsObject } from '../../option.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import type { EnvoyHost } from './envoy-host.ts'
import { checkOptions, type EnvoyHashOptions, SHARED_OPTIONS } from './envoy-options.ts'
import { EnvoyScheme } from './envoy-scheme.ts'
import { murmur2 } from './murmur2.ts'
import { EnvoyRing } from './ring.ts'
import { xxh64 } from './xxh64.ts'

/** A cluster with `lb_policy: RING_HASH`. @public */
export interface EnvoyRingHashOptions extends EnvoyHashOptions {
  /** `minimum_ring_size`: entries in all, at least; 1 to 8 388 608, default 1 024. */
  readonly minimumRingSize?: number
  /** `maximum_ring_size`, 1 to 8 388 608, which is the default; not less than the minimum. */
  readonly maximumRingSize?: number
  /** `hash_function` for the entries of the ring; requests are hashed by XXH64 in any case. Default `XX_HASH`. */
  readonly hashFunction?: 'XX_HASH' | 'MURMUR_HASH_2'
}

const MOST_ENTRIES = 8_388_608
const KNOWN = [...SHARED_OPTIONS, 'minimumRingSize', 'maximumRingSize', 'hashFunction'] as const

/**
 * Envoy's `ring_hash` balancer (source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc): which host a request is sent to.
 *
 * The ring is built at once, here and in `without`: a millisecond for the default of 1 024 entries, about two seconds and 20 bytes an entry
 * (twice that while it is built) for the largest.
 *
 * @throws StickyError `invalid-option` naming what is wrong; `duplicate-identity` for two hosts with one hash key
 * @public
 */
export function envoyRingHash(options: EnvoyRingHashOptions): ParityScheme<EnvoyHost> {
  const {
    minimumRingSize = 1024,
    maximumRingSize = MOST_ENTRIES,
    hashFunction = 'XX_HASH',
  } = optionsObject('envoyRingHash', options, KNOWN)
  integerOption('minimumRingSize', minimumRingSize, 1, MOST_ENTRIES)
  integerOption('maximumRingSize', maximumRingSize, 1, MOST_ENTRIES)
  if (minimumRingSize > maximumRingSize) {
    throw invalidOption('minimumRingSize', `at most maximumRingSize (${maximumRingSize})`, minimumRingSize)
  }
  choiceOption('hashFunction', hashFunction, ['XX_HASH', 'MURMUR_HASH_2'])
  const limits = { minimumRingSize, maximumRingSize, hash: hashFunction === 'XX_HASH' ? xxh64 : murmur2 }
  return new EnvoyScheme('envoy ring_hash', checkOptions(options), (hosts) => new EnvoyRing(hosts, limits))
}
