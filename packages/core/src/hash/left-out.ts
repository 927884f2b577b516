/**
 * Marks of the members that a pick has left out: each has the number of the last pick that did, so that nothing is cleared from one
 * pick to the next, nor allocated. A pick within a pick, by a `skip` or `load` that asks the same hash, gets marks of its own.
 */
export class LeftOut {
  readonly #size: number
  #marks: Uint32Array | undefined
  #pickNumber = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Marks that are the caller's until it gives them back. Call `nextPick` behind it. */
  take(): Uint32Array {
    const marks = this.#marks ?? new Uint32Array(this.#size)
    this.#marks = undefined
    if (this.#pickNumber === 0xffffffff) {
      marks.fill(0)
      this.#pickNumber = 0
    }
    return marks
  }

  /** The number that marks stand for in this pick. */
  nextPick(): number {
    return ++this.#pickNumber
  }

  giveBack(marks: Uint32Array): void {
    this.#marks = marks
  }
}
