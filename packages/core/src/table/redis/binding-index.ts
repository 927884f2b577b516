import type { Identity } from '../../endpoint/endpoint.ts'
import { StickyError } from '../../error.ts'
import { inTurn } from './in-turn.ts'
import { COUNT, NOTED, PAGE } from './index-scripts.ts'
import type { IndexedKeys } from './indexed-keys.ts'
import { replyCode } from './redis-failure.ts'
import type { RedisServer } from './redis-server.ts'

/** Members of a set asked for at once: a page takes Redis about 0.1 ms, in which it serves nobody else. */
const PAGE_SIZE = 500

/** Told as buckets are counted. */
export interface CountListener {
  asking(bucket: number): void
  /** What the bucket has of each endpoint, in the order in which these were asked for. */
  answered(bucket: number, counts: readonly number[]): void
  /** Answered or not. */
  ended(bucket: number): void
}

/** The keys bound to each endpoint, as Redis has them: a sorted set for each bucket and endpoint, by the ends of the bindings. */
export class BindingIndex {
  readonly #server: RedisServer
  readonly #keys: IndexedKeys

  constructor(server: RedisServer, keys: IndexedKeys) {
    this.#server = server
    this.#keys = keys
  }

  get #buckets(): number[] {
    return Array.from({ length: this.#keys.buckets }, (_, bucket) => bucket)
  }

  /** Keys bound to an endpoint: the sum of what each bucket has, each at the moment at which it is asked. */
  async count(identity: Identity): Promise<number> {
    await this.#server.now()
    const counts = await inTurn(this.#buckets, (bucket) => this.#countOne(bucket, identity))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** The same of several endpoints in some buckets. */
  async countAll(
    identities: readonly Identity[],
    buckets: readonly number[],
    listener: CountListener,
  ): Promise<void> {
    await this.#server.now()
    await inTurn(buckets, async (bucket) => {
      listener.asking(bucket)
      try {
        listener.answered(bucket, await this.#countBucket(bucket, identities))
      } finally {
        listener.ended(bucket)
      }
    })
  }

  /** The endpoints that may have keys. */
  async endpoints(): Promise<readonly Identity[]> {
    await this.#server.now()
    const [, identities] = await this.#server.run(NOTED, this.#keys.endpoints, [])
    return listOf(identities).map(String)
  }

  /** The names of all keys of an endpoint, by pages of one bucket; what is in it throughout comes exactly once. */
  async *names(identity: Identity, signal?: AbortSignal): AsyncGenerator<readonly string[]> {
    await this.#server.now()
    for (const bucket of this.#buckets) {
      const met = new Set<string>()
      for (let cursor = '0'; ; ) {
        signal?.throwIfAborted()
        const page = await this.#page(bucket, identity, cursor)
        const fresh = page.names.filter((name) => !met.has(name))
        for (const name of fresh) met.add(name)
        if (fresh.length > 0) yield fresh
        cursor = page.cursor
        if (cursor === '0') break
      }
    }
  }

  async #countOne(bucket: number, identity: Identity): Promise<number> {
    const [, counts] = await this.#server.run(COUNT, this.#keys.index(bucket, identity), [])
    return Number(listOf(counts)[0])
  }

  async #countBucket(bucket: number, identities: readonly Identity[]): Promise<readonly number[]> {
    const indexes = identities.map((identity) => this.#keys.index(bucket, identity))
    try {
      const [, counts] = await this.#server.run(COUNT, indexes, [])
      return listOf(counts).map(Number)
    } catch (error) {
      // Its slot is being moved: one set at a time is answered all the same.
      if (!(error instanceof StickyError) || replyCode(error.cause) !== 'TRYAGAIN') throw error
      return inTurn(identities, (identity) => this.#countOne(bucket, identity))
    }
  }

  async #page(
    bucket: number,
    identity: Identity,
    cursor: string,
  ): Promise<{ readonly cursor: string; readonly names: readonly string[] }> {
    const args = [cursor, String(PAGE_SIZE)]
    const [, page] = await this.#server.run(PAGE, this.#keys.index(bucket, identity), args)
    const [next, members] = listOf(page)
    // Members and scores take turns.
    const kept = listOf(members).filter((_, place) => place % 2 === 0)
    return { cursor: String(next), names: kept.map((member) => this.#keys.nameOf(bucket, String(member))) }
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new StickyError('table-failed', 'the sticky table: a script answered no list')
}
