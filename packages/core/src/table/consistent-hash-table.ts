import { type ConsistentHashOptions, slicedHash } from '../hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../hash/native-endpoint-hash.ts'
import { choiceOption, invalidOption, optionsObject } from '../option.ts'
import type { ComputedBindings } from './capabilities.ts'
import { ComputedTable } from './computed-table.ts'
import type { StickyTable } from './sticky-table.ts'

/** What a draining endpoint is to a table that computes. @public */
export interface ComputedTableOptions {
  /**
   * `keep`: a draining endpoint has its keys until it is gone, new ones included, since nobody knows which are new; `skip`: its keys
   * go elsewhere as soon as it drains. Default `keep`.
   */
  readonly draining?: 'keep' | 'skip'
}

/** Options of {@link consistentHashTable}. @public */
export interface ConsistentHashTableOptions extends ConsistentHashOptions, ComputedTableOptions {
  /**
   * How much more than its share of the requests under way here an endpoint may have, from 1 to 1 000; 1.25 is usual. A request above
   * it goes elsewhere as `overflow`, and its key stays where it is. Default: any number.
   */
  readonly bound?: number
}

/**
 * The sticky table that stores nothing: each binding is computed by a consistent hash of the pool's endpoints, so that it costs no memory, knows
 * no time and is the same in every replica without a word between them. The price: scaling out moves about 1/n of the keys.
 *
 * It is made for one pool. Where it differs from other tables: bindings have no times and never expire; `release` answers false, `move`
 * moves nothing; a key whose endpoint is down is bound to the next one meanwhile, and back when it is up again; every hit is
 * `stuck`.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function consistentHashTable(
  options: ConsistentHashTableOptions = {},
): StickyTable & ComputedBindings {
  const path = 'consistentHashTable'
  optionsObject(path, options, ['algorithm', 'seed', 'tableSize', 'draining', 'bound'])
  const { algorithm = 'ring', seed = 0, tableSize = 65_537, draining = 'keep', bound } = options
  const empty = slicedHash([], { algorithm, seed, tableSize })
  choiceOption(`${path}.draining`, draining, ['keep', 'skip'])
  if (bound !== undefined && (typeof bound !== 'number' || !(bound >= 1 && bound <= 1_000))) {
    throw invalidOption(`${path}.bound`, 'a number from 1 to 1000', bound)
  }
  return new ComputedTable(nativeEndpointHash(empty), draining, bound)
}
