import type { Identity } from '../../endpoint/endpoint.ts'
import { type StatedTimeouts, statesTimeouts } from '../capabilities.ts'
import type { Binding, StickyTable } from '../sticky-table.ts'
import { NearEntries } from './near-entries.ts'
import type { NearCacheSettings } from './near-options.ts'
import type { Question } from './questions.ts'

/** Of the longest life of a binding, the share that is its idle timeout, where the table does not say: DESIGN rule 12. */
const IDLE_SHARE = 4 / 5
/** A use that gave no more time is told again after this share of the idle timeout. */
const RETOLD_SHARE = 1 / 64
/** Texts of identities that are shared between bindings at most: more than a pool has endpoints. */
const MOST_IDENTITIES = 4_096

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
  readonly #identities = new Map<Identity, Identity>()
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

  isFresh(slot: number, now: number): boolean {
    const { rows } = this.entries
    const era = rows.era(slot)
    if (era < this.#trustedEra || now >= this.entries.binding(slot).expiresAt) return false
    return now < rows.askedAt(slot) + (era === this.era ? this.#ageMs : this.#settings.maxAgeMs)
  }

  /** Takes in an answer. `isCurrent`: nothing happened to the key since it was asked for. */
  learn(question: Question, binding: Binding | undefined, isCurrent: boolean): void {
    const slot = this.entries.find(question.key)
    if (isCurrent) {
      if (binding !== undefined) this.#keep(slot, binding, question)
      else if (slot !== 0) this.entries.remove(slot)
    } else if (binding !== undefined) this.#keepDoubted(slot, binding, question)
  }

  /** When the binding ends as far as is known here, uses here counted. */
  endOf(slot: number): number {
    const { createdAt, expiresAt } = this.entries.binding(slot)
    if (this.#timeouts === undefined) return expiresAt
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#timeouts
    const idleEnd = this.entries.rows.usedAt(slot) + idleTimeoutMs
    return Math.min(createdAt + absoluteTimeoutMs, Math.max(expiresAt, idleEnd))
  }

  #keep(known: number, binding: Binding, { key, affairs, askedAt, era }: Question): void {
    const { expiresAt, version } = binding
    const before = known === 0 ? undefined : this.entries.binding(known)
    const lifeMs = expiresAt - askedAt
    if (lifeMs > this.#lifeMs && lifeMs !== Number.POSITIVE_INFINITY) this.#lifeMs = lifeMs
    const touchAt = this.#touchAt(binding, askedAt, before?.version === version ? before : undefined)
    const slot = this.#put(known, key, affairs.name, binding, askedAt)
    const { rows } = this.entries
    rows.setEra(slot, era)
    rows.setTouchAt(slot, touchAt)
    rows.setQuietUntil(slot, Math.min(askedAt + this.#ageMs, expiresAt, touchAt))
  }

  /** From when on a use is to be told: when less than the idle timeout is left, as the table writes no earlier one. */
  #touchAt({ createdAt, expiresAt }: Binding, askedAt: number, before: Binding | undefined): number {
    const { idleMs } = this
    const absoluteEnd = createdAt + (this.#timeouts?.absoluteTimeoutMs ?? Number.POSITIVE_INFINITY)
    if (idleMs === Number.POSITIVE_INFINITY || expiresAt >= absoluteEnd) return Number.POSITIVE_INFINITY
    const due = expiresAt - idleMs
    // The use just told gave no more time: the absolute timeout is near, or the table's clock is a little behind.
    const isRefused = due < askedAt && before !== undefined && before.expiresAt >= expiresAt
    return isRefused ? askedAt + idleMs * RETOLD_SHARE : due
  }

  /** Something to fall back on: it may be out of date, and is not served while the table can be asked. */
  #keepDoubted(known: number, binding: Binding, { key, affairs, askedAt }: Question): void {
    const { rows } = this.entries
    if (known !== 0 && (rows.era(known) >= this.#trustedEra || rows.askedAt(known) > askedAt)) return
    this.entries.doubt(this.#put(known, key, affairs.name, binding, askedAt))
  }

  #put(known: number, key: string, name: string, binding: Binding, askedAt: number): number {
    const { entries } = this
    const slot = known === 0 ? entries.add(key, name, binding) : known
    entries.setBinding(slot, this.#compact(binding))
    entries.rows.setAskedAt(slot, askedAt)
    entries.rows.setUsedAt(slot, Math.max(entries.rows.usedAt(slot), askedAt))
    return slot
  }

  /** With the text of its identity shared: a client reads a new one out of each answer, and it would be kept and hashed for each key. */
  #compact({ identity: its, version, createdAt, movedAt, expiresAt }: Binding): Binding {
    let identity = this.#identities.get(its)
    if (identity === undefined) {
      identity = its
      if (this.#identities.size >= MOST_IDENTITIES) this.#identities.clear()
      this.#identities.set(identity, identity)
    }
    return movedAt === undefined
      ? { identity, version, createdAt, expiresAt }
      : { identity, version, createdAt, movedAt, expiresAt }
  }

  get #ageMs(): number {
    return this.#isWatched ? this.#settings.maxWatchedAgeMs : this.#settings.maxAgeMs
  }
}
