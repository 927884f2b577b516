import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { MaybePromise } from '../../src/maybe-promise.ts'
import type { StatedTimeouts } from '../../src/table/capabilities.ts'
import type { TableOperation } from '../../src/table/guarded-table.ts'
import type { InvalidationListener, Invalidations } from '../../src/table/near/invalidations.ts'
import type { Binding, StickyTable } from '../../src/table/sticky-table.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'

interface Row {
  binding: Binding
  /** When the store itself ends it. */
  until: number
}

/** What stands between a table and the store, for tests: whether a call arrives, when, and what becomes of its answer. */
export type Wire = <T>(operation: TableOperation, act: () => T) => MaybePromise<T>

/**
 * A store of bindings as replicas share one: bindings live 1.25 times the idle timeout, a use is written when less than the idle
 * timeout is left, and whoever watches is told of each write, at once.
 */
export class RemoteStore {
  readonly #clock: FakeClock
  readonly #timeouts: StatedTimeouts
  readonly rows: Map<string, Row> = new Map()
  readonly #watchers = new Set<(key: string) => void>()
  #version = 0
  /** Uses written. */
  refreshes = 0

  constructor(clock: FakeClock, timeouts: Partial<StatedTimeouts> = {}) {
    this.#clock = clock
    this.#timeouts = { idleTimeoutMs: 4_000, absoluteTimeoutMs: Number.POSITIVE_INFINITY, ...timeouts }
  }

  /** Tells `told` of each write until the function that it answers is called. */
  watch(told: (key: string) => void): () => void {
    this.#watchers.add(told)
    return () => this.#watchers.delete(told)
  }

  /** What stands now; nobody uses it thereby. */
  standing(key: string): Binding | undefined {
    const row = this.rows.get(key)
    return row && this.#clock.now() < row.until ? row.binding : undefined
  }

  /** Loses everything, as a server without persistence. Nobody is told. */
  lose(): void {
    this.rows.clear()
  }

  /** A replica's access to the store. */
  table(wire: Wire): StickyTable & StatedTimeouts {
    return {
      ...this.#timeouts,
      lookup: (key) => wire('lookup', () => this.#use(key)),
      claim: (key, candidate) =>
        wire('claim', () => {
          const standing = this.#use(key)
          if (standing !== undefined) return { binding: standing, created: false }
          return { binding: this.#write(key, candidate), created: true }
        }),
      move: (key, from, to) =>
        wire('move', () => {
          const standing = this.standing(key)
          if (standing && standing.version !== from.version) {
            return { binding: this.#use(key) as Binding, moved: false }
          }
          return { binding: this.#write(key, to, standing), moved: true }
        }),
      touch: (key, binding) =>
        wire('touch', () => {
          if (this.standing(key)?.version === binding.version) this.#use(key)
        }),
      release: (key, from) =>
        wire('release', () => {
          const standing = this.standing(key)
          if (!standing || (from && standing.version !== from.version)) return false
          this.rows.delete(key)
          this.#tell(key)
          return true
        }),
    }
  }

  #use(key: string): Binding | undefined {
    const standing = this.standing(key)
    if (standing === undefined) return undefined
    const until = this.#untilOf(standing.createdAt)
    const now = this.#clock.now()
    if (standing.expiresAt - now >= this.#timeouts.idleTimeoutMs || until <= standing.expiresAt)
      return standing
    const binding = { ...standing, expiresAt: until }
    this.rows.set(key, { binding, until })
    this.refreshes++
    this.#tell(key)
    return binding
  }

  #write(key: string, identity: Identity, moved?: Binding): Binding {
    const now = this.#clock.now()
    const createdAt = moved?.createdAt ?? now
    const until = this.#untilOf(createdAt)
    const version = ++this.#version
    const binding = { identity, version, createdAt, expiresAt: until, ...(moved && { movedAt: now }) }
    this.rows.set(key, { binding, until })
    this.#tell(key)
    return binding
  }

  #untilOf(createdAt: number): number {
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#timeouts
    return Math.min(this.#clock.now() + 1.25 * idleTimeoutMs, createdAt + absoluteTimeoutMs)
  }

  #tell(key: string): void {
    for (const told of this.#watchers) told(key)
  }
}

/** The wire of a network without delays: each call takes effect at once and is answered a little later. */
export const prompt: Wire = (_operation, act) => Promise.resolve(act())

/** A source of invalidations that says what the test says. */
export interface TestInvalidations extends Invalidations {
  readonly tell: Required<InvalidationListener>
  /** Near caches that watch. */
  readonly watchers: number
}

export function testInvalidations(nameOf?: (key: string) => string): TestInvalidations {
  const listeners = new Set<InvalidationListener>()
  const each = (act: (listener: InvalidationListener) => void) => {
    for (const listener of listeners) act(listener)
  }
  return {
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ...(nameOf && { nameOf }),
    tell: {
      changed: (key) => each((listener) => listener.changed(key)),
      written: (key) => each((listener) => listener.written?.(key)),
      lost: () => each((listener) => listener.lost()),
      restored: () => each((listener) => listener.restored()),
    },
    get watchers() {
      return listeners.size
    },
  }
}
