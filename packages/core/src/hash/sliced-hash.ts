import type { ConsistentHash } from './consistent-hash.ts'
import type { Member } from './member.ts'
import type { Steps } from './steps.ts'

/** A consistent hash whose successor can be made in slices, by whoever has other things to do in between. */
export interface SlicedHash extends ConsistentHash {
  with(members: Iterable<Member>): SlicedHash
  /**
   * The hash of another set, the same as `with` makes. The members are read and checked in the first slice, which is the last if
   * little has changed.
   */
  withSteps(members: Iterable<Member>): Steps<SlicedHash>
}
