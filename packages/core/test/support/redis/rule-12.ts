import type { Binding } from '../../../src/table/sticky-table.ts'

/** What a key's binding must have come to, by the time of its server. */
export type Standing = 'stands' | 'is over' | 'either'

/** How far moments may be off that a table does not put right. */
const TOLERATED_MS = 100

interface Known {
  readonly version: Binding['version']
  readonly createdAt: number
  /** The last use of which the table must know, and the last of which it can. */
  usedAt: number
  latestUseAt: number
}

/** The model that a shared table is held against: the last binding of each key, and DESIGN's rule 12 on how long it stands. */
export class Rule12 {
  readonly #idleTimeoutMs: number
  readonly #absoluteTimeoutMs: number
  readonly #known = new Map<string, Known>()

  constructor(idleTimeoutMs: number, absoluteTimeoutMs: number) {
    this.#idleTimeoutMs = idleTimeoutMs
    this.#absoluteTimeoutMs = absoluteTimeoutMs
  }

  versionOf(key: string): Binding['version'] | undefined {
    return this.#known.get(key)?.version
  }

  standing(key: string, now: number): Standing {
    const known = this.#known.get(key)
    if (known === undefined) return 'is over'
    const idle = this.#idleTimeoutMs
    const age = now - known.createdAt
    if (age > this.#absoluteTimeoutMs + TOLERATED_MS) return 'is over'
    if (now - known.latestUseAt > idle * 1.25 + TOLERATED_MS) return 'is over'
    const isYoung = age < this.#absoluteTimeoutMs - TOLERATED_MS
    return isYoung && now - known.usedAt < idle - TOLERATED_MS ? 'stands' : 'either'
  }

  /** `from`: what it was moved from; a binding that was made anew has none. */
  made(key: string, version: Binding['version'], now: number, from?: Binding['version']): void {
    const before = this.#known.get(key)
    const isMoved = from !== undefined && before?.version === from
    this.#known.set(key, {
      version,
      createdAt: isMoved ? before.createdAt : now,
      usedAt: now,
      latestUseAt: now,
    })
  }

  /** `isSure`: the table must know of it. */
  used(key: string, now: number, isSure: boolean): void {
    const known = this.#known.get(key)
    if (known === undefined) return
    known.latestUseAt = now
    if (isSure) known.usedAt = now
  }

  ended(key: string): void {
    this.#known.delete(key)
  }
}
