import type { Clock } from '../../clock.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type { BindingIndex } from './binding-index.ts'
import { BucketCounts } from './bucket-counts.ts'

/** The least time between two rounds of questions, in milliseconds. */
const LEAST_PAUSE_MS = 2_000
/** The same as a multiple of how long a round takes: so rounds take at most a hundredth of the time. */
const PAUSE_OF_ROUND = 100
/** Times that a round asks a bucket in which this replica has changed something meanwhile. */
const MOST_QUESTIONS = 3

/** What {@link IndexCounts} needs. */
export interface IndexCountsHost {
  readonly clock: Clock
  readonly index: BindingIndex
  readonly buckets: number
  /** The endpoints that this replica knows of. */
  readonly known: () => Iterable<Identity>
  /** Told of a round that failed; the next one comes when counts are asked for again. */
  readonly failed: (error: unknown) => void
}

/**
 * Keys by endpoint as Redis last told them, with what this replica has bound and ended since. Asked for again beside whoever wants to know, if
 * the last answer has aged; nobody asks while nobody wants to know.
 */
export class IndexCounts {
  readonly #host: IndexCountsHost
  readonly #counts: BucketCounts
  /** Orders what begins and what is answered here; Redis' order in between is not known. */
  #moment = 0
  /** When each bucket was answered last; `Infinity` while it is asked. */
  readonly #answeredAt: Float64Array
  /** Buckets in which something was changed that the last answer may or may not have met. */
  readonly #doubtful = new Set<number>()
  #counting: Promise<void> | undefined
  #countedAt: number | undefined
  #nextAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(host: IndexCountsHost) {
    this.#host = host
    this.#counts = new BucketCounts(host.buckets)
    this.#answeredAt = new Float64Array(host.buckets)
  }

  /** Time since the last round ended, in milliseconds; `Infinity` before the first. */
  get ageMs(): number {
    return this.#countedAt === undefined ? Number.POSITIVE_INFINITY : this.#host.clock.now() - this.#countedAt
  }

  of(identity: Identity): number {
    this.#freshen()
    return Math.max(0, this.#counts.sumOf(identity))
  }

  all(): ReadonlyMap<Identity, number> {
    this.#freshen()
    return this.#counts.sums()
  }

  /** This replica begins to change something: what is to be told with it when it has. */
  begin(): number {
    return ++this.#moment
  }

  /** A change that began then has bound a key of a bucket to an endpoint (`1`) or away from it (`-1`). */
  changed(begunAt: number, bucket: number, identity: Identity, by: 1 | -1): void {
    this.#counts.add(bucket, identity, by)
    if ((this.#answeredAt[bucket] as number) > begunAt) this.#doubtful.add(bucket)
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
    if (this.#isClosed || this.#counting !== undefined || this.#host.clock.now() < this.#nextAt) return
    this.#counting = this.#count()
    this.#counting.catch(this.#host.failed)
  }

  async #count(): Promise<void> {
    const { clock, index, buckets, known } = this.#host
    const from = clock.now()
    try {
      const identities = new Set([...(await index.endpoints()), ...known()])
      this.#counts.keep(identities)
      await this.#ask(
        [...identities],
        Array.from({ length: buckets }, (_, bucket) => bucket),
      )
      for (let question = 2; question <= MOST_QUESTIONS && this.#doubtful.size > 0; question++)
        await this.#ask([...identities], [...this.#doubtful])
      this.#countedAt = clock.now()
    } finally {
      this.#counting = undefined
      const now = clock.now()
      this.#nextAt = now + Math.max(LEAST_PAUSE_MS, (now - from) * PAUSE_OF_ROUND)
    }
  }

  async #ask(identities: readonly Identity[], buckets: readonly number[]): Promise<void> {
    if (identities.length === 0) return
    await this.#host.index.countAll(identities, buckets, {
      asking: (bucket) => {
        this.#doubtful.delete(bucket)
        this.#answeredAt[bucket] = Number.POSITIVE_INFINITY
      },
      answered: (bucket, counts) => {
        for (const [place, count] of counts.entries())
          this.#counts.set(bucket, identities[place] as Identity, count)
      },
      ended: (bucket) => {
        this.#answeredAt[bucket] = ++this.#moment
      },
    })
  }
}
