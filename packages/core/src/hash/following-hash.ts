import type { Clock } from '../clock.ts'
import { checkMembers, type Member } from './member.ts'
import type { SlicedHash } from './sliced-hash.ts'
import { finished, type Steps } from './steps.ts'

/** Part of the new set's weight that the old hash must know to serve meanwhile: else a few members would get all the keys. */
const LEAST_KNOWN = 1 / 2

/**
 * The hash that serves while sets of members come one after the other. What takes one slice is done at once. A larger change
 * is made in slices between which requests are answered, by the hash of before: whoever asks it leaves out the members that
 * are gone. Sets that come during a build wait for its end, and only the newest is built then, so that a build is never
 * begun in vain however fast they come. Nothing here keeps the process alive.
 */
export class FollowingHash {
  readonly #clock: Clock
  #serving: SlicedHash
  /** What is being built, and of whom. */
  #steps: Steps<SlicedHash> | undefined
  #target: readonly Member[] = []
  #newest: readonly Member[] = []
  #cancel: () => void = () => undefined

  /** `empty`: the hash of no members, with the options wanted. */
  constructor(empty: SlicedHash, clock: Clock) {
    this.#serving = empty
    this.#clock = clock
  }

  /** The hash that serves now. */
  get serving(): SlicedHash {
    return this.#serving
  }

  /** True while the hash of the newest set is being built and the one of before serves. */
  get isBehind(): boolean {
    return this.#steps !== undefined
  }

  /** Takes another set. @throws StickyError `invalid-option`, `duplicate-identity`; all is then as it was */
  follow(members: readonly Member[]): void {
    if (this.#steps === undefined) this.#go(this.#serving.withSteps(members), members)
    else checkMembers('with.members', members)
    this.#newest = members
    if (this.isBehind && !this.#knowsEnough()) this.catchUp()
  }

  /** Builds the hash of the newest set at once: for a key that the one of before cannot place. */
  catchUp(): void {
    if (this.#steps === undefined) return
    this.#cancel()
    const isForNewest = this.#target === this.#newest
    this.#serving = isForNewest ? finished(this.#steps) : this.#serving.with(this.#newest)
    this.#steps = undefined
  }

  /** One slice; and another soon, unless it was the last. */
  #go(steps: Steps<SlicedHash>, members: readonly Member[]): void {
    const { done, value } = steps.next()
    if (done) {
      this.#serving = value
      this.#steps = undefined
      return
    }
    this.#steps = steps
    this.#target = members
    this.#cancel = this.#clock.after(0, () => {
      this.#go(steps, members)
      if (this.#steps === undefined && this.#newest !== members) this.follow(this.#newest)
    })
  }

  #knowsEnough(): boolean {
    const known = new Set(this.#serving.members.map(({ identity }) => identity))
    let knownWeight = 0
    let total = 0
    for (const { identity, weight = 1 } of this.#newest) {
      total += weight
      if (known.has(identity)) knownWeight += weight
    }
    return knownWeight >= total * LEAST_KNOWN
  }
}
