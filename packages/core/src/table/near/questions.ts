/** What a question asks for; all but a look-up may change the binding. */
export type QuestionKind = 'lookup' | 'claim' | 'move' | 'release'

/** What goes on with one key between this process and the table. */
interface Affairs {
  readonly name: string
  /** When the last question was put. */
  askedAt: number
  /** Questions without an answer yet, and those of them that may change the binding. */
  open: number
  writes: number
  /** Counts what happened to the key meanwhile: changes told of, changes of our own that begin or end, newer look-ups. */
  changes: number
  latest: Question | undefined
  /** A claim under way that began alone. */
  claim: Question | undefined
  isForgotten: boolean
}

/** One call of the table whose answer may be kept. */
export class Question {
  readonly key: string
  readonly kind: QuestionKind
  /** What a second question must have in common with this one to share its answer. */
  readonly about: unknown
  readonly askedAt: number
  readonly era: number
  readonly affairs: Affairs
  readonly changes: number
  /** No change of our own was under way when it was put. */
  readonly isAlone: boolean
  answer: Promise<unknown> | undefined = undefined
  /** Of a claim: a write was told of meanwhile that may be its own. */
  isWritten = false
  isEnded = false

  constructor(
    key: string,
    kind: QuestionKind,
    about: unknown,
    askedAt: number,
    era: number,
    affairs: Affairs,
    isAlone: boolean,
  ) {
    this.key = key
    this.kind = kind
    this.about = about
    this.askedAt = askedAt
    this.era = era
    this.affairs = affairs
    this.changes = affairs.changes
    this.isAlone = isAlone
  }
}

/** A question without an answer is given up, as far as its answer would have been kept, when none was put after it for so long. */
const FORGOTTEN_AFTER_MS = 30_000

/**
 * The questions under way. An answer may be kept only if nothing happened to its key between question and answer: otherwise
 * nobody knows whether it tells of before or after.
 */
export class Questions {
  readonly #most: number
  /** By the name of the key; the one asked about last stands last. */
  readonly #affairs = new Map<string, Affairs>()

  /** `most`: keys whose questions are followed at once. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#affairs.size
  }

  /** An answer under way that may be shared: to the latest question, of this kind, with nothing come between. */
  shared(name: string, kind: QuestionKind, about: unknown, askedSince: number): Promise<unknown> | undefined {
    const affairs = this.#affairs.get(name)
    const latest = affairs?.latest
    if (latest === undefined || latest.kind !== kind || latest.about !== about) return undefined
    return latest.changes === affairs?.changes && latest.askedAt >= askedSince ? latest.answer : undefined
  }

  begin(key: string, name: string, kind: QuestionKind, about: unknown, now: number, era: number): Question {
    this.#forgetOld(now)
    let affairs = this.#affairs.get(name)
    if (affairs === undefined) {
      affairs = {
        name,
        askedAt: now,
        open: 0,
        writes: 0,
        changes: 0,
        latest: undefined,
        claim: undefined,
        isForgotten: false,
      }
    } else {
      this.#affairs.delete(name)
      affairs.askedAt = now
      // An earlier answer that comes later than this one must not replace it. A change is not disturbed by look-ups beside it.
      if (kind !== 'lookup' || affairs.writes === 0) affairs.changes++
    }
    this.#affairs.set(name, affairs)
    const isAlone = affairs.writes === 0
    affairs.open++
    if (kind !== 'lookup') affairs.writes++
    const question = new Question(key, kind, about, now, era, affairs, isAlone)
    affairs.latest = question
    if (kind === 'claim' && isAlone) affairs.claim = question
    return question
  }

  /**
   * The question has its answer, or none will come. Answers whether the answer may be kept; only the first time. `hasBound`: it is a claim
   * that bound its key, so a write told of meanwhile was its own.
   */
  end(question: Question, hasBound = false): boolean {
    if (question.isEnded) return false
    question.isEnded = true
    const { affairs, kind, isAlone, changes } = question
    const own = hasBound && question.isWritten ? 1 : 0
    const isUndisturbed = isAlone && affairs.changes === changes + own && !affairs.isForgotten
    if (affairs.latest === question) affairs.latest = undefined
    if (affairs.claim === question) affairs.claim = undefined
    affairs.open--
    if (kind !== 'lookup') {
      affairs.writes--
      affairs.changes++
    }
    if (affairs.open === 0 && !affairs.isForgotten) this.#affairs.delete(affairs.name)
    return isUndisturbed
  }

  changed(name: string): void {
    const affairs = this.#affairs.get(name)
    if (affairs !== undefined) affairs.changes++
  }

  /** A write was told of: a change, unless a claim under way turns out to have made it. */
  written(name: string): void {
    this.changed(name)
    const claim = this.#affairs.get(name)?.claim
    if (claim !== undefined) claim.isWritten = true
  }

  changedAll(): void {
    for (const affairs of this.#affairs.values()) affairs.changes++
  }

  #forgetOld(now: number): void {
    for (const affairs of this.#affairs.values()) {
      if (this.#affairs.size < this.#most && now - affairs.askedAt < FORGOTTEN_AFTER_MS) return
      affairs.isForgotten = true
      this.#affairs.delete(affairs.name)
    }
  }
}
