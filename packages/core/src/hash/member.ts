import { StickyError } from '../error.ts'
import { invalidOption } from '../option.ts'

/** What a consistent hash chooses among. @public */
export interface Member {
  /** What is hashed. Any text of characters up to 0xFF; unique in its set. */
  readonly identity: string
  /** Share of the keys relative to the others, 0 to 65 535; 0 takes no keys. Default 1. */
  readonly weight?: number
}

/** Largest weight of a member, as of an endpoint. */
const MOST_WEIGHT = 65_535
/** Most members of one set. */
const MOST_MEMBERS = 1_000_000

/** A member that was checked. */
export interface WeightedMember {
  readonly identity: string
  readonly weight: number
}

/**
 * Checks the members of a set.
 *
 * @throws StickyError `invalid-option` naming the member by its index; `duplicate-identity`
 */
export function checkMembers(path: string, members: Iterable<Member>): readonly WeightedMember[] {
  const checked: WeightedMember[] = []
  const indexes = new Map<string, number>()
  for (const member of members) {
    const index = checked.length
    const { identity } = member
    const before = indexes.get(identity)
    if (before !== undefined) throw duplicate(path, before, index, identity)
    checked.push(checkMember(path, index, member))
    indexes.set(identity, index)
  }
  return Object.freeze(checked)
}

/** Checks one member. @throws StickyError `invalid-option` */
export function checkMember(path: string, index: number, { identity, weight = 1 }: Member): WeightedMember {
  if (index >= MOST_MEMBERS) throw invalidOption(path, `at most ${MOST_MEMBERS} members`, 'more')
  if (typeof identity !== 'string' || identity === '' || !LATIN1.test(identity)) {
    throw invalidOption(`${path}[${index}].identity`, 'a text of characters up to 0xFF', identity)
  }
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= MOST_WEIGHT)) {
    throw invalidOption(`${path}[${index}].weight`, `a number from 0 to ${MOST_WEIGHT}`, weight)
  }
  return Object.freeze({ identity, weight })
}

const LATIN1 = /^[\0-\xff]*$/

/** The error of two members with one identity. */
export function duplicate(path: string, first: number, second: number, identity: string): StickyError {
  return new StickyError(
    'duplicate-identity',
    `${path}[${first}] and ${path}[${second}] have the same identity "${identity}"`,
  )
}
