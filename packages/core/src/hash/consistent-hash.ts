import type { Member } from './member.ts'

/** What a pick leaves out. @public */
export interface PickOptions<M extends Member = Member> {
  /**
   * True for a member that must not be chosen. Asked at most once for a member and pick, only of those that are met; the
   * answer is that of a set without these members.
   */
  readonly skip?: (member: M) => boolean
  /**
   * Requests that a member has under way, for a bound on its load: a member that would have more than its capacity with this
   * one is left out. Needs `total` and `bound`.
   */
  readonly load?: (member: M) => number
  /** Requests that all members have under way. */
  readonly total?: number
  /**
   * How much more than its share a member may have, from 1: the capacity is `ceil(bound × (total + 1) × weight / sum of weights)`
   * (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016). 1.25 is usual.
   */
  readonly bound?: number
}

/** A share of all keys that moves from one member to another. @public */
export interface Movement {
  readonly from: string
  readonly to: string
  /** Part of all keys, 0 to 1. */
  readonly share: number
}

/** What moves between two sets. @public */
export interface Difference {
  /** Part of all keys that moves, 0 to 1. */
  readonly moved: number
  /** From whom to whom, the largest first; members that lose or win all keys by coming and going are among them. */
  readonly movements: readonly Movement[]
  /** True if the shares are exact; false if they are estimated, with an error of at most `error` in `moved` (three sigma). */
  readonly isExact: boolean
  readonly error: number
}

/** Why a key is where it is. @public */
export interface Explanation {
  readonly algorithm: string
  readonly version: number
  /** The two hashes of the key. */
  readonly hashes: readonly [number, number]
  /** Who takes the key, and who takes it if the ones before are left out; at most eight. */
  readonly candidates: readonly string[]
}

/**
 * An immutable consistent hash: the member of a key depends on the key and the set of (identity, weight) alone, not on
 * their order or on what was there before.
 *
 * @public
 */
export interface ConsistentHash {
  readonly algorithm: 'ring' | 'rendezvous' | 'maglev'
  /** Version of the mapping, which never changes under one number. */
  readonly version: 1
  /** The members as they were given. */
  readonly members: readonly Required<Member>[]
  /**
   * The member of a key; undefined if there is none, or none is left. `key`: latin1 text as key sources give it, or bytes. Allocates
   * nothing.
   */
  pick(key: string | Uint8Array, options?: PickOptions<Required<Member>>): Required<Member> | undefined
  /** The member of a key, and then what `pick` answers as each is left out in turn; each member once. */
  candidates(key: string | Uint8Array): IterableIterator<Required<Member>>
  /** The hash of another set. Members with the same identity and weight cost nothing. */
  with(members: Iterable<Member>): ConsistentHash
  /**
   * The same in slices of a few milliseconds, with a turn of the event loop between two: a ring of a million points takes
   * 40 to 80 ms. The members are read at once. This hash goes on serving meanwhile.
   *
   * @throws StickyError `invalid-option`, `duplicate-identity`; the reason of `signal` after the slice in which it is aborted
   */
  withInSlices(
    members: Iterable<Member>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ConsistentHash>
  /** What moves if `other` takes the place of this one. */
  diff(other: ConsistentHash): Difference
  /** The part of all keys that each member has, by identity. */
  shares(): ReadonlyMap<string, number>
  explain(key: string | Uint8Array): Explanation
}
