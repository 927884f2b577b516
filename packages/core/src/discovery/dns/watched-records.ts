import type { Clock } from '../../clock.ts'
import { StickyError } from '../../error.ts'
import { pause } from '../wait.ts'
import type { DnsRecord, RecordType, Resolver } from './resolver.ts'

/** How the records of a name are kept up to date. */
export interface RefreshOptions {
  readonly resolver: Resolver
  readonly minTtlMs: number
  readonly maxTtlMs: number
  readonly emptyAfterMs: number
  readonly obsoleteAfterMs: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
  readonly clock: Clock
  readonly random: () => number
  /** Told of every failure; the records stay. */
  readonly failed: (error: StickyError) => void
  /** Told that the records, or whether they are known, may be another. */
  readonly changed: () => void
}

/** A random wait of nearly nothing would ask a server that fails without a pause. */
const MIN_RETRY_MS = 50

interface Standing {
  record: DnsRecord
  /** When an answer came first that did not name it; undefined while it is named. */
  missingSince: number | undefined
}

/** The records of one name and type, asked for again whenever their TTL has passed, and kept while nobody knows better. */
export class WatchedRecords {
  /** True once there was an answer, be it that there are none. */
  isKnown = false
  /** True while the newest answer names them: not in an outage, nor in the window before an absence is believed. */
  isFresh = false
  /** The name they were found at; the name that was asked for until then. */
  owner: string
  readonly #name: string
  readonly #type: RecordType
  readonly #options: RefreshOptions
  readonly #standing = new Map<string, Standing>()
  #absentSince: number | undefined = undefined
  #failures = 0

  constructor(name: string, type: RecordType, options: RefreshOptions) {
    this.owner = name
    this.#name = name
    this.#type = type
    this.#options = options
  }

  /** What stands now, in no particular order. */
  get records(): DnsRecord[] {
    return [...this.#standing.values()].map(({ record }) => record)
  }

  /** Those of {@link records} that the newest answer with records named; not those kept for `obsoleteAfterMs`. */
  get named(): DnsRecord[] {
    return [...this.#standing.values()].flatMap(({ record, missingSince }) =>
      missingSince === undefined ? [record] : [],
    )
  }

  /** Asks again and again until the signal aborts; then resolves, with nothing left under way. */
  async refresh(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#ask(signal)
      await pause(delayMs, this.#options.clock, signal)
    }
  }

  /** Asks once; answers how long to wait before the next time. */
  async #ask(signal: AbortSignal): Promise<number> {
    const { resolver, clock, changed, failed } = this.#options
    try {
      const answer = await resolver.resolve(this.#name, this.#type, signal)
      if (signal.aborted) return 0
      const now = clock.now()
      this.#failures = 0
      const before = this.#state()
      this.isKnown = true
      this.isFresh = answer.kind === 'records'
      if (answer.kind === 'records') {
        this.owner = answer.owner
        this.#absentSince = undefined
        this.#replace(answer.records, now)
      } else {
        this.#believeAbsence(now)
      }
      if (this.#state() !== before) changed()
      return this.#delayMs(answer.ttlMs, now)
    } catch (error) {
      if (signal.aborted) return 0
      if (this.isFresh) {
        this.isFresh = false
        changed()
      }
      failed(error instanceof StickyError ? error : new StickyError('dns', String(error), { cause: error }))
      return this.#retryMs()
    }
  }

  /** All that {@link RefreshOptions.changed} tells of, to be compared. */
  #state(): string {
    const standing = [...this.#standing].map(([key, { record, missingSince }]) => {
      return record.type === 'SRV' ? [key, record, missingSince] : [key, missingSince]
    })
    return JSON.stringify([this.isKnown, this.isFresh, this.owner, standing.sort(byKey)])
  }

  #replace(records: readonly DnsRecord[], now: number): void {
    const named = new Map(records.map((record) => [recordKey(record), record]))
    for (const [key, standing] of this.#standing) {
      if (named.has(key)) continue
      standing.missingSince ??= now
      if (now - standing.missingSince >= this.#options.obsoleteAfterMs) this.#standing.delete(key)
    }
    for (const [key, record] of named) this.#standing.set(key, { record, missingSince: undefined })
  }

  /**
   * Only an answer ends records, never the time alone: when servers fail after a first "no such name", that one may
   * have been a part of the failure.
   */
  #believeAbsence(now: number): void {
    this.#absentSince ??= now
    if (now - this.#absentSince >= this.#options.emptyAfterMs) this.#standing.clear()
  }

  /** The TTL within its bounds, or less where a record's or the name's time is over sooner. */
  #delayMs(ttlMs: number, now: number): number {
    const { minTtlMs, maxTtlMs, emptyAfterMs, obsoleteAfterMs } = this.#options
    // A resolver of the user may have told none, or no number: that is as 0.
    const toldMs = Number.isNaN(Number(ttlMs)) ? 0 : Math.max(0, ttlMs)
    let delayMs = Math.min(Math.max(toldMs, minTtlMs), maxTtlMs)
    const endsBy = (since: number | undefined, afterMs: number) => {
      // At least a millisecond: a clock that runs in fractions must not make this a loop without a wait.
      if (since !== undefined) delayMs = Math.min(delayMs, Math.max(since + afterMs - now, 1))
    }
    if (this.#standing.size > 0) endsBy(this.#absentSince, emptyAfterMs)
    for (const { missingSince } of this.#standing.values()) endsBy(missingSince, obsoleteAfterMs)
    return delayMs
  }

  /** Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015). */
  #retryMs(): number {
    const { retryBaseMs, retryMaxMs, random } = this.#options
    // 2 ** 1 024 would be Infinity, and 0 times that no number.
    const limitMs = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(this.#failures++, 30))
    return Math.max(MIN_RETRY_MS, random() * limitMs)
  }
}

function byKey([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1
}

/** What makes two records the same one, though a weight has changed. */
function recordKey(record: DnsRecord): string {
  return record.type === 'SRV' ? `${record.target} ${record.port}` : record.address
}
