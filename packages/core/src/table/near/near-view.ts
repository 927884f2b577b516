import { type StatedTimeouts, statesTimeouts } from '../capabilities.ts'
import type { Binding, StickyTable } from '../sticky-table.ts'
import { DOUBTED, NearEntries, type NearEntry } from './near-entries.ts'
import type { NearCacheSettings } from './near-options.ts'
import type { Question } from './questions.ts'

/** Of the longest life of a binding, the share that is its idle timeout, where the table does not say: DESIGN rule 12. */
const IDLE_SHARE = 4 / 5

/**
 * What this replica knows of the table, and how long each binding may be served.
 *
 * Eras: an entry is served to the full age that holds now if it was asked for in this era, which ends whenever the source of
 * invalidations is lost or restored; to the age without invalidations if it is of an earlier era; and not at all
 * if it was asked for before the trusted era, or is doubted.
 */
export class NearView {
  readonly entries: NearEntries
  readonly #settings: NearCacheSettings
  readonly #timeouts: StatedTimeouts | undefined
  #trustedEra = 0
  #isWatched = false
  /** The longest life of a binding seen, where the table does not say. */
  #lifeMs = 0
  era = 0

  constructor(table: StickyTable, settings: NearCacheSettings, hasNames: boolean) {
    this.#settings = settings
    this.#timeouts = statesTimeouts(table) ? table : undefined
    this.entries = new NearEntries(settings.maxEntries, hasNames)
  }

  get isWatched(): boolean {
    return this.#isWatched
  }

  get idleMs(): number {
    return this.#timeouts?.idleTimeoutMs ?? this.#lifeMs * IDLE_SHARE
  }

  /** From here on changes are told, or no longer. What was asked for before may have missed some. */
  watched(isWatched: boolean): void {
    if (isWatched === this.#isWatched) return
    this.era++
    this.#isWatched = isWatched
  }

  /** Nothing is served any more that was asked for until now. */
  doubtAll(): void {
    this.era++
    this.#trustedEra = this.era
  }

  isFresh(entry: NearEntry, now: number): boolean {
    if (entry.era < this.#trustedEra || now >= entry.binding.expiresAt) return false
    const ageMs = entry.era === this.era ? this.#ageMs : this.#settings.maxAgeMs
    return now < entry.askedAt + ageMs
  }

  /** Takes in an answer. `isCurrent`: nothing happened to the key since it was asked for. */
  learn(question: Question, binding: Binding | undefined, isCurrent: boolean): void {
    const entry = this.entries.find(question.key)
    if (isCurrent && question.era >= this.#trustedEra) {
      if (binding !== undefined) this.#keep(entry, binding, question)
      else if (entry !== undefined) this.entries.remove(entry)
    } else if (binding !== undefined) this.#keepDoubted(entry, binding, question)
  }

  /** When the binding ends as far as is known here, uses here counted. */
  endOf({ binding: { createdAt, expiresAt }, usedAt }: NearEntry): number {
    if (this.#timeouts === undefined) return expiresAt
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#timeouts
    return Math.min(createdAt + absoluteTimeoutMs, Math.max(expiresAt, usedAt + idleTimeoutMs))
  }

  #keep(known: NearEntry | undefined, binding: Binding, { key, affairs, askedAt, era }: Question): void {
    const { expiresAt, version } = binding
    const before = known?.binding
    const entry = known ?? this.entries.add(key, affairs.name, binding)
    const lifeMs = expiresAt - askedAt
    if (lifeMs > this.#lifeMs && lifeMs !== Number.POSITIVE_INFINITY) this.#lifeMs = lifeMs
    const { idleMs } = this
    const touchAt = idleMs === Number.POSITIVE_INFINITY ? idleMs : expiresAt - idleMs
    // A use just now gave no more time: the absolute timeout is near, and to tell of more uses changes nothing.
    const isLimited = touchAt <= askedAt && before?.version === version && before.expiresAt >= expiresAt
    entry.binding = binding
    entry.era = era
    entry.askedAt = askedAt
    entry.usedAt = Math.max(entry.usedAt, askedAt)
    entry.touchAt = isLimited ? Number.POSITIVE_INFINITY : touchAt
    entry.quietUntil = Math.min(askedAt + this.#ageMs, expiresAt, entry.touchAt)
  }

  /** Something to fall back on: it may be out of date, and is not served while the table can be asked. */
  #keepDoubted(known: NearEntry | undefined, binding: Binding, { key, affairs, askedAt }: Question): void {
    if (known !== undefined && (known.era >= this.#trustedEra || known.askedAt > askedAt)) return
    const entry = known ?? this.entries.add(key, affairs.name, binding)
    entry.binding = binding
    entry.era = DOUBTED
    entry.askedAt = askedAt
    entry.usedAt = Math.max(entry.usedAt, askedAt)
  }

  get #ageMs(): number {
    return this.#isWatched ? this.#settings.maxWatchedAgeMs : this.#settings.maxAgeMs
  }
}
