import { choiceOption, integerOption, invalidOption, optionsObject } from '../option.ts'
import type { ConsistentHash } from './consistent-hash.ts'
import { maglevOf } from './maglev.ts'
import { checkMembers, type Member } from './member.ts'
import { RendezvousHash } from './rendezvous-hash.ts'
import { ringOf } from './ring.ts'
import type { SlicedHash } from './sliced-hash.ts'
import { finished } from './steps.ts'

/** Options of {@link consistentHash}. @public */
export interface ConsistentHashOptions {
  /**
   * `ring`: nothing moves that need not, peak 1.15 to 1.22 times the mean share; `rendezvous`: nothing moves that need not, exact
   * shares, a pick looks at each member; `maglev`: shares within a per cent, some keys move that need not. Default `ring`.
   */
  readonly algorithm?: 'ring' | 'rendezvous' | 'maglev'
  /**
   * Mixed into every hash, a whole number from 0 to 4 294 967 295: who does not know it cannot choose keys that all go to one
   * member. The same in every replica. Default 0.
   */
  readonly seed?: number
  /** Places of `maglev`'s table: a prime from 3 to 8 388 593, above the number of members. Default 65 537. */
  readonly tableSize?: number
}

const ALGORITHMS = ['ring', 'rendezvous', 'maglev'] as const

/**
 * An immutable consistent hash of members. The mapping is specified in `docs/guide/hashing.md` and frozen as version 1.
 *
 * @throws StickyError `invalid-option`, `duplicate-identity`
 * @public
 */
export function consistentHash(
  members: Iterable<Member>,
  options: ConsistentHashOptions = {},
): ConsistentHash {
  return slicedHash(members, options)
}

/** The same hash, as one whose successor can be made in slices. @throws StickyError `invalid-option`, `duplicate-identity` */
export function slicedHash(members: Iterable<Member>, options: ConsistentHashOptions): SlicedHash {
  optionsObject('consistentHash', options, ['algorithm', 'seed', 'tableSize'])
  const { seed = 0, tableSize = 65_537 } = options
  const algorithm = choiceOption('consistentHash.algorithm', options.algorithm ?? 'ring', ALGORITHMS)
  integerOption('consistentHash.seed', seed, 0, 0xffffffff)
  const checked = checkMembers('consistentHash.members', members)
  switch (algorithm) {
    case 'ring':
      return finished(ringOf(checked, seed))
    case 'rendezvous':
      return new RendezvousHash(checked, seed)
    case 'maglev':
      integerOption('consistentHash.tableSize', tableSize, 3, 8_388_593)
      if (!isPrime(tableSize) || tableSize <= checked.length) {
        throw invalidOption('consistentHash.tableSize', 'a prime above the number of members', tableSize)
      }
      return finished(maglevOf(checked, seed, tableSize))
  }
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
  return true
}
