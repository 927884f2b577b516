import type { Clock } from '../../clock.ts'
import type { Identity } from '../../endpoint/endpoint.ts'

/** How long it is relied on that an endpoint is noted, in milliseconds; after that it is noted again beside the traffic. */
const RELIED_ON_MS = 60_000

/** How long an endpoint is noted, in milliseconds, for bindings that live for `lifeMs`: until after the last binding that was written meanwhile. */
export function notedForMs(lifeMs: number): number {
  return 2 * (lifeMs + RELIED_ON_MS)
}

/**
 * The endpoints to which this replica has bound keys. Each is noted in Redis before the first of them is, so that every replica can count the
 * keys of endpoints that it never heard of, also of those that are gone.
 */
export class KnownEndpoints {
  readonly #clock: Clock
  readonly #note: (identity: Identity) => Promise<unknown>
  readonly #notedAt = new Map<Identity, number>()
  /** Notes under way. */
  readonly #noting = new Map<Identity, Promise<void>>()

  /** `note` writes an identity down in Redis. */
  constructor(clock: Clock, note: (identity: Identity) => Promise<unknown>) {
    this.#clock = clock
    this.#note = note
  }

  all(): Iterable<Identity> {
    return this.#notedAt.keys()
  }

  /** Undefined where the endpoint is noted; otherwise what is to be waited for before a key is bound to it. */
  check(identity: Identity): Promise<void> | undefined {
    const now = this.#clock.now()
    const notedAt = this.#notedAt.get(identity)
    if (notedAt !== undefined && Math.abs(now - notedAt) < RELIED_ON_MS) return undefined
    const noting = this.#noting.get(identity) ?? this.#begin(identity, now)
    if (notedAt === undefined) return noting
    // It was noted for far longer; what this fails with shows in the call beside it.
    noting.catch(() => undefined)
    return undefined
  }

  #begin(identity: Identity, now: number): Promise<void> {
    const noting = this.#note(identity).then(
      () => {
        this.#noting.delete(identity)
        this.#forgetLongAgo(now)
        this.#notedAt.set(identity, now)
      },
      (error: unknown) => {
        this.#noting.delete(identity)
        throw error
      },
    )
    this.#noting.set(identity, noting)
    return noting
  }

  /** Pods come and go: what was not noted for an hour is not bound to either. */
  #forgetLongAgo(now: number): void {
    for (const [identity, notedAt] of this.#notedAt) {
      if (now - notedAt > 60 * RELIED_ON_MS) this.#notedAt.delete(identity)
    }
  }
}
