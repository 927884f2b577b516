/** Failed keys one after the other, with no answer between, that are an outage. */
const KEYS_OF_AN_OUTAGE = 2

/**
 * Tells a table that is away from a key that cannot be asked for, such as one whose stored value is damaged: it alone must not
 * have everything asked for again.
 */
export class FailureRun {
  #lastName: string | undefined
  #keys = 0

  /** True from when the table was taken for away until it answers. */
  get isOutage(): boolean {
    return this.#keys >= KEYS_OF_AN_OUTAGE
  }

  /** A call for this key failed. Answers whether an outage begins. */
  failed(name: string): boolean {
    if (name === this.#lastName) return false
    this.#lastName = name
    return ++this.#keys === KEYS_OF_AN_OUTAGE
  }

  answered(): void {
    this.#keys = 0
    this.#lastName = undefined
  }
}
