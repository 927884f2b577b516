import type { Identity } from '../../endpoint/endpoint.ts'
import { isPromise, type MaybePromise } from '../../maybe-promise.ts'
import type { LastKnown } from '../capabilities.ts'
import type { Binding, Claim, Move, StickyTable } from '../sticky-table.ts'
import { FailureRun } from './failure-run.ts'
import { DOUBTED, type NearEntries } from './near-entries.ts'
import type { NearCacheSettings } from './near-options.ts'
import type { NearCacheStats } from './near-stats.ts'
import { NearView } from './near-view.ts'
import { OwnClaims } from './own-claims.ts'
import { type Question, type QuestionKind, Questions } from './questions.ts'

/** An open stream's use is told at most this often, as a share of the idle timeout. */
const TOUCH_SHARE = 1 / 4

/** A clock that goes back by more has been set; by less, as may happen where it is corrected, it makes times wrong by no more than that. */
const LEAST_JUMP_MS = 100

/** A question to the table, and what is to be done with its answer. */
interface Inquiry<T> {
  readonly key: string
  readonly kind: QuestionKind
  readonly about?: unknown
  readonly call: () => MaybePromise<T>
  readonly learn: (question: Question, answer: T) => void
}

/** What stands between a table and its pool: answers are kept, each no longer than it may be, and questions put once. */
export class NearTable implements StickyTable, LastKnown {
  readonly scope: 'process' | 'shared'
  readonly needsAddress: boolean
  readonly #table: StickyTable
  readonly #settings: NearCacheSettings
  readonly #view: NearView
  readonly #entries: NearEntries
  readonly #questions: Questions
  readonly #failures = new FailureRun()
  readonly #ownClaims = new OwnClaims()
  /** How invalidations name a key. */
  readonly #nameOf: (key: string) => string
  #isClosed = false
  /** The latest that the clock has shown. */
  #latest = Number.NEGATIVE_INFINITY
  #hits = 0
  #asked = 0
  #shared = 0
  #invalidated = 0

  constructor(table: StickyTable, settings: NearCacheSettings) {
    const { maxEntries, invalidations } = settings
    this.scope = table.scope ?? 'shared'
    this.needsAddress = table.needsAddress ?? false
    this.#table = table
    this.#settings = settings
    const nameOf = invalidations?.nameOf?.bind(invalidations)
    this.#nameOf = nameOf ?? ((key) => key)
    this.#view = new NearView(table, settings, nameOf !== undefined)
    this.#entries = this.#view.entries
    this.#questions = new Questions(maxEntries)
  }

  lookup(key: string): MaybePromise<Binding | undefined> {
    const slot = this.#entries.find(key)
    if (slot === 0) return this.#look(key)
    // Read before the row: the processor fetches both at once, where each is far away.
    const binding = this.#entries.binding(slot)
    const now = this.#settings.clock.now()
    if (this.#wentBack(now)) return this.#look(key)
    if (!this.#entries.rows.hit(slot, this.#view.era, now)) {
      if (!this.#view.isFresh(slot, now)) return this.#look(key)
      if (now > this.#entries.rows.touchAt(slot)) {
        // Asked rather than touched: a look-up counts as use, too, and says until when.
        const told = this.#look(key)
        if (!isPromise(told)) return told
        // What it fails with is noted, and shows in the next question for this key.
        told.catch(() => undefined)
      }
      this.#entries.rows.use(slot, now)
    }
    this.#hits++
    return binding
  }

  claim(key: string, candidate: Identity, address?: string): MaybePromise<Claim> {
    const shared = this.#sharedAnswer<Claim>(key, 'claim', address)
    if (shared !== undefined) return shared.then(asLaterClaim)
    return this.#ask({
      key,
      kind: 'claim',
      about: address,
      call: () => this.#table.claim(key, candidate, address),
      learn: (question, claim) => this.#learnClaim(question, claim),
    })
  }

  move(key: string, from: Binding, to: Identity, address?: string): MaybePromise<Move> {
    const shared = this.#sharedAnswer<Move>(key, 'move', from.version)
    if (shared !== undefined) return shared.then(asLaterMove)
    return this.#ask({
      key,
      kind: 'move',
      about: from.version,
      call: () => this.#table.move(key, from, to, address),
      learn: (question, move) => this.#learn(question, move.binding),
    })
  }

  release(key: string, from?: Binding): MaybePromise<boolean> {
    return this.#ask({
      key,
      kind: 'release',
      call: () => this.#table.release(key, from),
      learn: (question, isReleased) => {
        this.#questions.end(question)
        const slot = this.#entries.find(question.key)
        if (isReleased && slot !== 0 && this.#entries.rows.era(slot) === DOUBTED) this.#entries.remove(slot)
      },
    })
  }

  touch(key: string, binding: Binding): MaybePromise<void> {
    const entries = this.#entries
    const slot = entries.find(key)
    if (slot === 0 || entries.binding(slot).version !== binding.version)
      return this.#table.touch(key, binding)
    const now = this.#settings.clock.now()
    if (this.#wentBack(now)) return this.#table.touch(key, binding)
    entries.rows.use(slot, now)
    if (now <= entries.rows.touchAt(slot)) return
    entries.rows.setTouchAt(slot, now + this.#view.idleMs * TOUCH_SHARE)
    const answer = this.#table.touch(key, binding)
    if (!isPromise(answer)) return
    return answer.catch((error: unknown) => {
      this.#noteFailure(key)
      throw error
    })
  }

  lastKnown(key: string): Binding | undefined {
    this.#noteFailure(key)
    const slot = this.#entries.find(key)
    if (slot === 0) return undefined
    const now = this.#settings.clock.now()
    if (this.#wentBack(now)) return undefined
    if (now >= this.#view.endOf(slot)) {
      this.#entries.remove(slot)
      return undefined
    }
    this.#entries.rows.use(slot, now)
    return this.#entries.binding(slot)
  }

  /** Something happened to the key of this name; undefined = to any. */
  changed(name: string | undefined): void {
    this.#invalidated++
    if (name === undefined) return this.doubtAll()
    this.#questions.changed(name)
    this.#entries.doubt(this.#entries.named(name))
  }

  /** The value of the key of this name was written, perhaps by a claim from here. */
  written(name: string): void {
    if (this.#ownClaims.pardons(name, this.#settings.clock.now())) return
    this.#questions.written(name)
    this.#invalidated++
    this.#entries.doubt(this.#entries.named(name))
  }

  /** From here on changes are told, or no longer. */
  watched(isWatched: boolean): void {
    this.#ownClaims.forget()
    this.#view.watched(isWatched)
  }

  doubtAll(): void {
    this.#view.doubtAll()
    this.#questions.changedAll()
  }

  /** The bindings that `isMeant` have changed, in a change of many. */
  doubtWhere(isMeant: (binding: Binding) => boolean): void {
    this.#questions.changedAll()
    for (const slot of this.#entries.slots()) {
      if (isMeant(this.#entries.binding(slot))) this.#entries.doubt(slot)
    }
  }

  /** The bindings that `isMeant` have ended. */
  forgetWhere(isMeant: (binding: Binding) => boolean): void {
    this.#questions.changedAll()
    for (const slot of this.#entries.slots()) {
      if (isMeant(this.#entries.binding(slot))) this.#entries.remove(slot)
    }
  }

  /** Forgets everything and remembers nothing more; what is asked is still handed on. */
  retire(): void {
    this.#isClosed = true
    this.forgetWhere(() => true)
  }

  stats(): NearCacheStats {
    return {
      entries: this.#entries.size,
      hits: this.#hits,
      asked: this.#asked,
      shared: this.#shared,
      invalidated: this.#invalidated,
      evicted: this.#entries.evicted,
      isWatched: this.#view.isWatched,
      isOutage: this.#failures.isOutage,
    }
  }

  /** Whether the clock was set back: then nobody knows how old anything is that is remembered, and nothing is any more. */
  #wentBack(now: number): boolean {
    if (now >= this.#latest) {
      this.#latest = now
      return false
    }
    if (now >= this.#latest - LEAST_JUMP_MS) return false
    this.#latest = now
    this.forgetWhere(() => true)
    return true
  }

  #look(key: string): MaybePromise<Binding | undefined> {
    const shared = this.#sharedAnswer<Binding | undefined>(key, 'lookup', undefined)
    if (shared !== undefined) return shared
    return this.#ask({
      key,
      kind: 'lookup',
      call: () => this.#table.lookup(key),
      learn: (question, binding) => this.#learn(question, binding),
    })
  }

  /** An answer under way serves another question as long as it would if it had come at once. */
  #sharedAnswer<T>(key: string, kind: QuestionKind, about: unknown): Promise<T> | undefined {
    if (this.#questions.size === 0) return undefined
    const since = this.#settings.clock.now() - this.#settings.maxAgeMs
    const shared = this.#questions.shared(this.#nameOf(key), kind, about, since)
    if (shared !== undefined) this.#shared++
    return shared as Promise<T> | undefined
  }

  /** Puts a question to the table, at once, so that clients can pipeline the questions of one tick. */
  #ask<T>({ key, kind, about, call, learn }: Inquiry<T>): MaybePromise<T> {
    this.#asked++
    if (this.#isClosed) return call()
    const now = this.#settings.clock.now()
    this.#wentBack(now)
    const question = this.#questions.begin(key, this.#nameOf(key), kind, about, now, this.#view.era)
    if (kind === 'move' || kind === 'release') this.#entries.doubt(this.#entries.find(key))
    let answer: MaybePromise<T>
    try {
      answer = call()
      if (!isPromise(answer)) {
        learn(question, answer)
        this.#failures.answered()
        return answer
      }
    } catch (error) {
      this.#failed(question)
      throw error
    }
    question.answer = Promise.resolve(answer)
      .then((settled) => {
        learn(question, settled)
        this.#failures.answered()
        return settled
      })
      .catch((error: unknown) => {
        this.#failed(question)
        throw error
      })
    return question.answer as Promise<T>
  }

  #learnClaim(question: Question, { binding, created }: Claim): void {
    const { affairs, askedAt, era, isWritten } = question
    const isAwaited = created && !isWritten && era === this.#view.era
    if (this.#learn(question, binding, created) && isAwaited) this.#ownClaims.answered(affairs.name, askedAt)
  }

  #learn(question: Question, binding: Binding | undefined, hasBound = false): boolean {
    const isCurrent = this.#questions.end(question, hasBound)
    if (!this.#isClosed) this.#view.learn(question, binding, isCurrent)
    return isCurrent
  }

  #failed(question: Question): void {
    this.#questions.end(question)
    this.#entries.doubt(this.#entries.find(question.key))
    if (this.#failures.failed(question.affairs.name)) this.doubtAll()
  }

  #noteFailure(key: string): void {
    this.#entries.doubt(this.#entries.find(key))
    if (this.#failures.failed(this.#nameOf(key))) this.doubtAll()
  }
}

/** What a claim answers that another one, under way, decides. */
function asLaterClaim(claim: Claim): Claim {
  return claim.created ? { binding: claim.binding, created: false } : claim
}

function asLaterMove(move: Move): Move {
  return move.moved ? { binding: move.binding, moved: false } : move
}
