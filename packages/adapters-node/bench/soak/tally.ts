/** How often one kind of traffic came, and what went wrong with it. */
export interface KindTally {
  count: number
  /** By what went wrong: how often because of a killed pod, and how often not. */
  readonly errors: Map<string, { expected: number; unexpected: number }>
}

/** What a soak counts. */
export class Tally {
  readonly kinds: Map<string, KindTally> = new Map()

  add(kind: string, error: string | undefined, isExpected: boolean): void {
    const tally = this.kinds.get(kind) ?? { count: 0, errors: new Map() }
    this.kinds.set(kind, tally)
    tally.count++
    if (error === undefined) return
    const errors = tally.errors.get(error) ?? { expected: 0, unexpected: 0 }
    tally.errors.set(error, errors)
    if (isExpected) errors.expected++
    else errors.unexpected++
  }

  get requests(): number {
    return sum(this.kinds, ({ count }) => count)
  }

  get expected(): number {
    return sum(this.kinds, ({ errors }) => sum(errors, ({ expected }) => expected))
  }

  get unexpected(): number {
    return sum(this.kinds, ({ errors }) => sum(errors, ({ unexpected }) => unexpected))
  }
}

function sum<T>(map: ReadonlyMap<string, T>, of: (value: T) => number): number {
  return [...map.values()].reduce((total, value) => total + of(value), 0)
}
