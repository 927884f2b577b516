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
const PATH = 'envoyRingHash'
const KNOWN = [...SHARED_OPTIONS, 'minimumRingSize', 'maximumRingSize', 'hashFunction'] as const

/**
 * Envoy's `ring_hash` balancer (source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc): which host a request is sent to.
 *
 * The ring is built at once, here and in `without`: half a millisecond for the default of 1 024 entries; about three seconds for the largest,
 * and 12 bytes an entry, 22 while it is built.
 *
 * @throws StickyError `invalid-option` naming what is wrong; `duplicate-identity` for two hosts with one hash key
 * @public
 */
export function envoyRingHash(options: EnvoyRingHashOptions): ParityScheme<EnvoyHost> {
  const {
    minimumRingSize = 1024,
    maximumRingSize = MOST_ENTRIES,
    hashFunction = 'XX_HASH',
  } = optionsObject(PATH, options, KNOWN)
  integerOption(`${PATH}.minimumRingSize`, minimumRingSize, 1, MOST_ENTRIES)
  integerOption(`${PATH}.maximumRingSize`, maximumRingSize, 1, MOST_ENTRIES)
  if (minimumRingSize > maximumRingSize) {
    throw invalidOption(
      `${PATH}.minimumRingSize`,
      `at most maximumRingSize (${maximumRingSize})`,
      minimumRingSize,
    )
  }
  choiceOption(`${PATH}.hashFunction`, hashFunction, ['XX_HASH', 'MURMUR_HASH_2'])
  const limits = { minimumRingSize, maximumRingSize, hash: hashFunction === 'XX_HASH' ? xxh64 : murmur2 }
  return new EnvoyScheme(
    'envoy ring_hash',
    checkOptions(PATH, options),
    (hosts) => new EnvoyRing(hosts, limits),
  )
}
