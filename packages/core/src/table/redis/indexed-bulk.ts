import type { Identity } from '../../endpoint/endpoint.ts'
import type { ListedBinding, SliceOptions } from '../capabilities.ts'
import { nextTurn } from '../slices.ts'
import type { BindingIndex } from './binding-index.ts'
import { inTurn } from './in-turn.ts'
import { CORRECT } from './index-scripts.ts'
import type { IndexedKeys } from './indexed-keys.ts'
import type { RedisBulk } from './redis-bulk.ts'
import type { RedisServer } from './redis-server.ts'
import { readMet } from './redis-walk.ts'

/** What {@link IndexedBulk} works with. */
export interface IndexedBulkHost {
  readonly index: BindingIndex
  readonly keys: IndexedKeys
  readonly server: RedisServer
  /** Goes over all keys. */
  readonly walk: RedisBulk
  /** Ends a key's binding to an endpoint, whatever its version; answers whether it did. */
  readonly end: (name: string, identity: Identity) => Promise<boolean>
}

/** What is done with all keys of an endpoint, which the index names: it costs what there is of them, whatever else the table has. */
export class IndexedBulk {
  readonly #host: IndexedBulkHost

  constructor(host: IndexedBulkHost) {
    this.#host = host
  }

  async *list(identity: Identity, signal?: AbortSignal): AsyncGenerator<ListedBinding> {
    const { index, server, walk } = this.#host
    for await (const names of index.names(identity, signal)) {
      const read = (name: string) => server.get(name, (value) => value)
      for (const met of await readMet(names, read)) {
        // Moved since, or Redis has ended it before its time.
        if (met.stored.identity !== identity) continue
        signal?.throwIfAborted()
        yield walk.listed(met)
      }
    }
  }

  async releaseEndpoint(identity: Identity, { signal, onProgress }: SliceOptions = {}): Promise<number> {
    signal?.throwIfAborted()
    const { index, end } = this.#host
    let total = await index.count(identity)
    let done = 0
    let released = 0
    for await (const names of index.names(identity, signal)) {
      signal?.throwIfAborted()
      const outcomes = await inTurn(names, (name) => end(name, identity))
      released += outcomes.filter((isReleased) => isReleased).length
      done += names.length
      // More may have come than there were.
      total = Math.max(total, done)
      onProgress?.({ done, total })
      await nextTurn()
    }
    onProgress?.({ done: total, total })
    return released
  }

  async reindex({ signal, onProgress }: SliceOptions = {}): Promise<number> {
    let wrong = 0
    // What the index lacks, or has with another end.
    for await (const page of this.#host.walk.pages({
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    })) {
      const outcomes = await inTurn(page, ({ name, stored }) => this.#correct(name, stored.identity))
      wrong += outcomes.filter((isWrong) => isWrong).length
    }
    // What the index has, and nobody else.
    for (const identity of await this.#host.index.endpoints()) {
      for await (const names of this.#host.index.names(identity, signal)) {
        const outcomes = await inTurn(names, (name) => this.#correct(name, identity))
        wrong += outcomes.filter((isWrong) => isWrong).length
      }
    }
    return wrong
  }

  async #correct(name: string, identity: Identity): Promise<boolean> {
    const { server, keys } = this.#host
    const [isWrong] = await server.run(
      CORRECT,
      [name, keys.indexOf(name, identity)],
      [keys.keptIn(name), identity],
    )
    return isWrong
  }
}
