import type { Clock } from '../../clock.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type { BindingIndex } from './binding-index.ts'

/** The least time between two rounds of questions, in milliseconds. */
const LEAST_PAUSE_MS = 2_000
/** The same as a multiple of how long a round takes: so rounds take at most a hundredth of the time. */
const PAUSE_OF_ROUND = 100

/** What {@link IndexCounts} needs. */
export interface IndexCountsHost {
  readonly clock: Clock
  readonly index: BindingIndex
  /** The endpoints that this replica knows of. */
  readonly known: () => Iterable<Identity>
  /** Told of a round that failed; the next one comes when counts are asked for again. */
  readonly failed: (error: unknown) => void
}

/** A round of questions under way. */
interface Round {
  readonly counts: Map<Identity, number>
  /** Those that have answered. */
  readonly buckets: Set<number>
  readonly asked: ReadonlySet<Identity>
}

/**
 * Keys by endpoint as Redis last told them, with what this replica has bound and ended since. Asked for again beside whoever wants to know, if
 * the last answer has aged; nobody asks while nobody wants to know.
 */
export class IndexCounts {
  readonly #host: IndexCountsHost
  #counts = new Map<Identity, number>()
  #round: Round | undefined
  #counting: Promise<void> | undefined
  #countedAt: number | undefined
  #nextAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(host: IndexCountsHost) {
    this.#host = host
  }

  /** Time since the last round ended, in milliseconds; `Infinity` before the first. */
  get ageMs(): number {
    return this.#countedAt === undefined ? Number.POSITIVE_INFINITY : this.#host.clock.now() - this.#countedAt
  }

  of(identity: Identity): number {
    this.#freshen()
    return Math.max(0, this.#counts.get(identity) ?? 0)
  }

  all(): ReadonlyMap<Identity, number> {
    this.#freshen()
    return new Map([...this.#counts].filter(([, count]) => count > 0))
  }

  /** This replica has bound a key of a bucket to an endpoint (`1`) or away from it (`-1`). */
  changed(bucket: number, identity: Identity, by: 1 | -1): void {
    add(this.#counts, identity, by)
    if (!this.#round) return
    const { counts, buckets, asked } = this.#round
    // What the round has yet to ask for will be in the answer.
    if (buckets.has(bucket) || !asked.has(identity)) add(counts, identity, by)
  }

  /** What was counted for one endpoint. */
  correct(identity: Identity, count: number): void {
    this.#counts.set(identity, count)
  }

  /** A round that begins now, or after the one under way. */
  async renew(): Promise<void> {
    await this.#counting?.catch(() => undefined)
    this.#counting ??= this.#count()
    await this.#counting
  }

  close(): void {
    this.#isClosed = true
  }

  #freshen(): void {
    if (this.#isClosed || this.#counting || this.#host.clock.now() < this.#nextAt) return
    this.#counting = this.#count()
    this.#counting.catch(this.#host.failed)
  }

  async #count(): Promise<void> {
    const { clock, index, known } = this.#host
    const from = clock.now()
    try {
      const asked = new Set([...(await index.endpoints()), ...known()])
      const round: Round = { counts: new Map(), buckets: new Set(), asked }
      this.#round = round
      const identities = [...asked]
      if (identities.length > 0) {
        await index.countAll(identities, (bucket, counts) => {
          for (const [place, count] of counts.entries())
            add(round.counts, identities[place] as Identity, count)
          round.buckets.add(bucket)
        })
      }
      this.#counts = round.counts
      this.#countedAt = clock.now()
    } finally {
      this.#round = undefined
      this.#counting = undefined
      const now = clock.now()
      this.#nextAt = now + Math.max(LEAST_PAUSE_MS, (now - from) * PAUSE_OF_ROUND)
    }
  }
}

function add(counts: Map<Identity, number>, identity: Identity, by: number): void {
  counts.set(identity, (counts.get(identity) ?? 0) + by)
}
