/** What the bindings of a set of keys did: counts of one step. */
export interface StepCounts {
  needed: number
  unneeded: number
  /** Bindings that nobody has. */
  unplaced: number
}

/** The numbers of the endpoints, as they differ in a step. */
export interface StepFacts {
  /** 1 for an endpoint that is there after the step. */
  readonly present: Uint8Array
  /** 1 for one that was there before it and after, with the same weight. */
  readonly unchanged: Uint8Array
}

/**
 * The endpoint of each binding, as its number: what is remembered of 10 million bindings is two columns of 2 or 4 bytes and one of a
 * bit. A binding that nobody takes stands where it was.
 */
export class Owners {
  readonly #none: number
  readonly #now: Uint16Array | Uint32Array
  readonly #before: Uint16Array | Uint32Array
  readonly #moved: Uint32Array
  /** Bindings that have moved in this change at least once, and that are elsewhere now than before it. */
  moved = 0
  elsewhere = 0

  /** `endpoints`: how many numbers there are. */
  constructor(bindings: number, endpoints: number) {
    const Column = endpoints < 0xffff ? Uint16Array : Uint32Array
    this.#none = endpoints < 0xffff ? 0xffff : 0xffffffff
    this.#now = new Column(bindings)
    this.#before = new Column(bindings)
    this.#moved = new Uint32Array(Math.ceil(bindings / 32))
    this.clear()
  }

  /** Forgets where the bindings are. */
  clear(): void {
    this.#now.fill(this.#none)
    this.beginChange()
  }

  beginChange(): void {
    this.#before.set(this.#now)
    this.#moved.fill(0)
    this.moved = 0
    this.elsewhere = 0
  }

  /** The endpoint that has a binding, or had it last; undefined if none ever had. */
  ownerOf(binding: number): number | undefined {
    const owner = this.#now[binding] as number
    return owner === this.#none ? undefined : owner
  }

  /** Gives a binding to an endpoint, which may be the one that has it. */
  give(binding: number, to: number, { unchanged }: StepFacts, counts: StepCounts): void {
    const from = this.#now[binding] as number
    if (from === to) return
    this.#now[binding] = to
    if (from === this.#none) {
      this.#before[binding] = to
      return
    }
    const isUnneeded = unchanged[from] === 1 && unchanged[to] === 1
    if (isUnneeded) counts.unneeded++
    else counts.needed++
    const before = this.#before[binding] as number
    if (from === before) this.elsewhere++
    else if (to === before) this.elsewhere--
    const word = binding >>> 5
    const bit = 1 << (binding & 31)
    const bits = this.#moved[word] as number
    if ((bits & bit) !== 0) return
    this.#moved[word] = bits | bit
    this.moved++
  }
}
