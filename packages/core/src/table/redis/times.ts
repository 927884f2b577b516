import type { Binding } from '../sticky-table.ts'
import { CLOCK_ERROR_MS } from './binding-script.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import type { ServerTime } from './server-time.ts'
import { newVersion, type StoredBinding } from './stored-value.ts'

/** The life that a binding is given, as a multiple of its idle timeout: so a use is written at most once per quarter of it. */
const LIFE = 1.25
/** The longest error of the estimate of the server's time that is allowed for. */
const MOST_MARGIN_MS = 1_000

/** Both timeouts of a table, in the time of its server. None of it decides whether a binding stands: a key that Redis has does. */
export class Times {
  readonly absoluteTimeoutMs: number
  #idleTimeoutMs = 0
  #lifeMs = 0
  #firstLifeMs = 0
  /** Left of a life below which a use is written. */
  #refreshBelowMs = 0
  readonly #server: ServerTime

  constructor({ idleTimeoutMs, absoluteTimeoutMs }: CheckedRedisOptions, server: ServerTime) {
    this.absoluteTimeoutMs = Math.ceil(absoluteTimeoutMs)
    this.#server = server
    this.idleTimeoutMs = idleTimeoutMs
  }

  get idleTimeoutMs(): number {
    return this.#idleTimeoutMs
  }

  /** Holds for what is written from now on. */
  set idleTimeoutMs(idleTimeoutMs: number) {
    this.#idleTimeoutMs = idleTimeoutMs
    this.#lifeMs = Math.ceil(idleTimeoutMs * LIFE)
    this.#firstLifeMs = Math.min(this.#lifeMs, this.absoluteTimeoutMs)
    this.#refreshBelowMs = idleTimeoutMs + Math.min(MOST_MARGIN_MS, idleTimeoutMs / 50)
  }

  /** What a binding is given with each use that is written, in milliseconds, and at most until its deadline. */
  get lifeMs(): number {
    return this.#lifeMs
  }

  /** What a binding is given at first, in milliseconds. */
  get firstLifeMs(): number {
    return this.#firstLifeMs
  }

  /** A binding that is made now. */
  fresh(identity: string, now: number): StoredBinding {
    const createdAt = Math.round(now)
    return {
      version: newVersion(),
      createdAt,
      until: createdAt + this.firstLifeMs,
      deadline: createdAt + this.absoluteTimeoutMs,
      movedAt: undefined,
      identity,
    }
  }

  /**
   * Whether a binding that Redis has says of itself what cannot be, so that it was written by somebody whose estimate was wrong, or this one is:
   * that it has ended, or is yet to be made.
   */
  isImpossible({ createdAt, until }: StoredBinding, now: number): boolean {
    return until <= now || createdAt > now + CLOCK_ERROR_MS
  }

  /** Whether a use is worth a write: the life that is left falls short of the idle timeout, and a longer one is to be had. */
  isDue({ until, deadline }: StoredBinding, now: number): boolean {
    return until - now < this.#refreshBelowMs && until < deadline
  }

  /** The same of a binding as the pool has it, which may be one of before this process's clock went back. */
  isBindingDue({ expiresAt }: Binding, now: number): boolean {
    return expiresAt + this.#server.offset - now < this.#refreshBelowMs || this.#server.isRepeated
  }

  /** In the time of this process's clock, by which the pool goes. */
  bindingOf({ identity, version, createdAt, until, movedAt }: StoredBinding): Binding {
    const { offset } = this.#server
    const expiresAt = until - offset
    if (movedAt === undefined) return { identity, version, createdAt: createdAt - offset, expiresAt }
    return { identity, version, createdAt: createdAt - offset, movedAt: movedAt - offset, expiresAt }
  }

  /** When the last use was written, in the time of this process's clock; of a life that its deadline ends, the earliest that it can be. */
  usedAt({ createdAt, movedAt = createdAt, until }: StoredBinding): number {
    return Math.max(movedAt, until - this.lifeMs) - this.#server.offset
  }
}
