import type { Binding } from '../sticky-table.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import type { ServerTime } from './server-time.ts'
import { momentText, newVersion, type StoredBinding } from './stored-value.ts'

/** The life that a binding is given, as a multiple of its idle timeout: so a use is written at most once per quarter of it. */
const LIFE = 1.25
/** The longest error of the estimate of the server's time that is allowed for. */
const MOST_MARGIN_MS = 1_000

/** Both timeouts of a table, in the time of its server. */
export class Times {
  /** What a binding is given with each use that is written, in milliseconds. */
  readonly lifeMs: number
  readonly absoluteTimeoutMs: number
  /** Left of a life below which a use is written. */
  readonly #refreshBelowMs: number
  readonly #server: ServerTime

  constructor({ idleTimeoutMs, absoluteTimeoutMs }: CheckedRedisOptions, server: ServerTime) {
    this.lifeMs = Math.ceil(idleTimeoutMs * LIFE)
    this.absoluteTimeoutMs = absoluteTimeoutMs
    this.#refreshBelowMs = idleTimeoutMs + Math.min(MOST_MARGIN_MS, idleTimeoutMs / 50)
    this.#server = server
  }

  /** A binding that is made now. */
  fresh(identity: string, now: number): StoredBinding {
    const createdAt = Math.round(now)
    return {
      version: newVersion(),
      createdAt,
      until: createdAt + this.lifeMs,
      deadline: createdAt + this.absoluteTimeoutMs,
      movedAt: undefined,
      identity,
    }
  }

  stands({ until, deadline }: StoredBinding, now: number = this.#server.estimate): boolean {
    return until > now && deadline > now
  }

  /** Whether a use is worth a write: the life that is left falls short of the idle timeout, and a longer one is to be had. */
  isDue({ until, deadline }: StoredBinding, now: number): boolean {
    return until - now < this.#refreshBelowMs && until < deadline
  }

  /** The same of a binding as the pool has it. */
  isBindingDue({ expiresAt }: Binding, now: number): boolean {
    return expiresAt + this.#server.offset - now < this.#refreshBelowMs
  }

  text(moment: number): string {
    return momentText(moment)
  }

  /** In the time of this process's clock, by which the pool goes. */
  bindingOf({ identity, version, createdAt, until, deadline, movedAt }: StoredBinding): Binding {
    const { offset } = this.#server
    const expiresAt = Math.min(until, deadline) - offset
    if (movedAt === undefined) return { identity, version, createdAt: createdAt - offset, expiresAt }
    return { identity, version, createdAt: createdAt - offset, movedAt: movedAt - offset, expiresAt }
  }

  /** When the last use was written, in the time of this process's clock. */
  usedAt({ until }: StoredBinding): number {
    return until - this.lifeMs - this.#server.offset
  }
}
