import type { Clock } from '../../clock.ts'
import type { Identity } from '../../endpoint/endpoint.ts'
import type { BindingList, BulkRelease, ListedBinding, SliceOptions } from '../capabilities.ts'
import { nextTurn } from '../slices.ts'
import { keyHoldersOf } from './key-holders.ts'
import type { RedisClient, RedisCommands } from './redis-client.ts'
import { failureOf } from './redis-failure.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisServer } from './redis-server.ts'
import { type Met, walk } from './redis-walk.ts'
import type { StoredBinding } from './stored-value.ts'
import type { Times } from './times.ts'

/** What {@link RedisBulk} works with. */
export interface BulkHost {
  readonly client: RedisClient
  readonly commands: RedisCommands
  readonly keys: RedisKeys
  readonly server: RedisServer
  readonly times: Times
  readonly clock: Clock
  /** Ends a binding that was met, if it still stands; answers whether it did. */
  readonly release: (met: Met) => Promise<boolean>
}

/** What is done with all bindings of a pool, beside the traffic. */
export class RedisBulk implements BindingList, BulkRelease {
  readonly #host: BulkHost

  constructor(host: BulkHost) {
    this.#host = host
  }

  async *list({
    identity,
    signal,
  }: {
    readonly identity?: Identity
    readonly signal?: AbortSignal
  } = {}): AsyncGenerator<ListedBinding> {
    await this.#host.server.now()
    for await (const page of this.pages(signal ? { signal } : {})) {
      for (const met of page) {
        if (identity !== undefined && met.stored.identity !== identity) continue
        signal?.throwIfAborted()
        yield this.listed(met)
      }
    }
  }

  /** A binding that was met, as a listing has it. */
  listed({ name, stored }: Met): ListedBinding {
    return {
      key: this.#host.keys.keyOf(name),
      fingerprint: this.#host.keys.fingerprintOf(name),
      binding: this.#host.times.bindingOf(stored),
      usedAt: this.#host.times.usedAt(stored),
    }
  }

  releaseEndpoint(identity: Identity, options?: SliceOptions): Promise<number> {
    return this.#release((stored) => stored.identity === identity, options)
  }

  clear(options?: SliceOptions): Promise<number> {
    return this.#release(() => true, options)
  }

  /** Every binding that stands, page by page; `keysPerSecond`: the pace, by default as fast as it goes. */
  async *pages(options: SliceOptions = {}, keysPerSecond?: number): AsyncGenerator<Met[]> {
    options.signal?.throwIfAborted()
    const pause =
      keysPerSecond === undefined
        ? nextTurn
        : (names: number) => this.#pause((Math.max(1, names) / keysPerSecond) * 1_000, options.signal)
    try {
      const holders = await keyHoldersOf(this.#host.client)
      const get = (name: string) => this.#host.commands.get(name)
      yield* walk({ holders, pattern: this.#host.keys.pattern, get, pause }, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw failureOf(error)
    }
  }

  async #release(isWanted: (stored: StoredBinding) => boolean, options: SliceOptions = {}): Promise<number> {
    options.signal?.throwIfAborted()
    await this.#host.server.now()
    let released = 0
    for await (const page of this.pages(options)) {
      const met = page.filter(({ stored }) => isWanted(stored))
      const outcomes = await Promise.all(met.map(this.#host.release))
      released += outcomes.filter((isReleased) => isReleased).length
    }
    return released
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#host.clock.after(ms, end)
      signal?.addEventListener('abort', end, { once: true })
    })
  }
}
