import type { RedisKeys } from './redis-keys.ts'

/** What a server is to tell of, and what it then tells: the names of a pool's keys, with an index and without. */
export class WrittenNames {
  /** What the names of everything begin with that is written for the pool. */
  readonly prefixes: readonly string[]
  readonly #plain: string
  readonly #bucketed: string

  constructor({ prefix, pool }: { readonly prefix: string; readonly pool: string }, keys: RedisKeys) {
    this.#plain = keys.start
    this.#bucketed = `${prefix}:{${pool}:`
    this.prefixes = [this.#plain, this.#bucketed]
  }

  /** How replicas tell one another of the key that was written; undefined for what is no binding: an index, and what the replicas agree on. */
  keyOf(written: string): string | undefined {
    if (written.startsWith(this.#plain)) return written === this.#plain ? undefined : written
    const kept = /^..\}:(.+)$/s.exec(written.slice(this.#bucketed.length))?.[1]
    return kept !== undefined && written.startsWith(this.#bucketed) ? this.#plain + kept : undefined
  }
}
