import type { Identity } from '../../endpoint/endpoint.ts'

/** Numbers of keys by endpoint and bucket, and their sums by endpoint. */
export class BucketCounts {
  readonly #buckets: number
  readonly #counts = new Map<Identity, Int32Array>()
  readonly #sums = new Map<Identity, number>()

  constructor(buckets: number) {
    this.#buckets = buckets
  }

  /** What all buckets have; below 0 for the moment where what was ended comes before what was counted. */
  sumOf(identity: Identity): number {
    return this.#sums.get(identity) ?? 0
  }

  /** The sums above 0. */
  sums(): Map<Identity, number> {
    return new Map([...this.#sums].filter(([, sum]) => sum > 0))
  }

  add(bucket: number, identity: Identity, by: number): void {
    const counts = this.#countsOf(identity)
    counts[bucket] = (counts[bucket] as number) + by
    this.#sums.set(identity, this.sumOf(identity) + by)
  }

  set(bucket: number, identity: Identity, count: number): void {
    this.add(bucket, identity, count - (this.#countsOf(identity)[bucket] as number))
  }

  /** Forgets the endpoints that are not among these. */
  keep(identities: ReadonlySet<Identity>): void {
    for (const identity of this.#counts.keys()) {
      if (identities.has(identity)) continue
      this.#counts.delete(identity)
      this.#sums.delete(identity)
    }
  }

  #countsOf(identity: Identity): Int32Array {
    let counts = this.#counts.get(identity)
    if (counts === undefined) {
      counts = new Int32Array(this.#buckets)
      this.#counts.set(identity, counts)
    }
    return counts
  }
}
