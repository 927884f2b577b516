/** What has become of a key since it was last settled. */
export interface Verdict<C> {
  readonly was: C | undefined
  readonly now: C | undefined
}

/**
 * Candidates for keys, of which one wins each. Most keys have one candidate, so only contested ones keep a list. Work goes
 * with the keys that were touched, not with all there are.
 */
export class Contest<C> {
  readonly #isBetter: (one: C, other: C) => boolean
  readonly #winners = new Map<string, C>()
  /** All candidates of the keys that have more than one. */
  readonly #rivals = new Map<string, C[]>()
  /** The keys touched since the last verdict, with who won then. */
  readonly #touched = new Map<string, C | undefined>()

  /** `isBetter` must be a strict order that does not depend on who was first: replicas see changes in other orders. */
  constructor(isBetter: (one: C, other: C) => boolean) {
    this.#isBetter = isBetter
  }

  get isSettled(): boolean {
    return this.#touched.size === 0
  }

  winner(key: string): C | undefined {
    return this.#winners.get(key)
  }

  add(key: string, candidate: C): void {
    this.#touch(key)
    const rivals = this.#rivals.get(key)
    const sole = this.#winners.get(key)
    if (rivals) rivals.push(candidate)
    else if (sole === undefined) this.#winners.set(key, candidate)
    else this.#rivals.set(key, [sole, candidate])
  }

  delete(key: string, candidate: C): void {
    this.#touch(key)
    const rivals = this.#rivals.get(key)
    if (!rivals) {
      this.#winners.delete(key)
      return
    }
    rivals.splice(rivals.indexOf(candidate), 1)
    if (rivals.length > 1) return
    this.#rivals.delete(key)
    this.#winners.set(key, rivals[0] as C)
  }

  /** Who won each touched key before, and who wins it now, where that is another. */
  settle(): Verdict<C>[] {
    const verdicts: Verdict<C>[] = []
    for (const [key, was] of this.#touched) {
      const rivals = this.#rivals.get(key)
      if (rivals)
        this.#winners.set(
          key,
          rivals.reduce((best, next) => (this.#isBetter(next, best) ? next : best)),
        )
      const now = this.#winners.get(key)
      if (now !== was) verdicts.push({ was, now })
    }
    this.#touched.clear()
    return verdicts
  }

  #touch(key: string): void {
    if (!this.#touched.has(key)) this.#touched.set(key, this.#winners.get(key))
  }
}
