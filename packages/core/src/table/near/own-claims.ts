/** The longest that the write of a claim is waited for after the claim was put, in milliseconds. A later one costs a look-up. */
const LONGEST_WAIT_MS = 1_000

/**
 * Claims of this process that bound their keys, and of whose writes the source has yet to tell. Each pardons one write told of,
 * the first: one that was made after the claim's is told of after it, and counts.
 *
 * Nothing is waited for before the source has told of any write: most sources tell of changes by others alone.
 */
export class OwnClaims {
  #isTold = false
  /** When the claim was put, by the name of its key; oldest first. */
  readonly #awaited = new Map<string, number>()

  /** A claim put at `askedAt` has bound its key, and its write was not told of yet. */
  answered(name: string, askedAt: number): void {
    if (!this.#isTold) return
    for (const [earlier, since] of this.#awaited) {
      if (since > askedAt - LONGEST_WAIT_MS) break
      this.#awaited.delete(earlier)
    }
    this.#awaited.delete(name)
    this.#awaited.set(name, askedAt)
  }

  /** Whether a write told of now is taken for that of a claim. */
  pardons(name: string, now: number): boolean {
    this.#isTold = true
    const askedAt = this.#awaited.get(name)
    if (askedAt === undefined) return false
    this.#awaited.delete(name)
    return now < askedAt + LONGEST_WAIT_MS
  }

  /** The source was lost, or is told anew: what it tells from here on is not of earlier claims. */
  forget(): void {
    this.#awaited.clear()
  }
}
