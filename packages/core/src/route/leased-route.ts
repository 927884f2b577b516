import type { LossCause } from '../endpoint/availability.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { RequestLease } from './request-lease.ts'
import type { Lease, Outcome, RefusalReason, Route, ServedRoute } from './route.ts'

const ANSWERED: Outcome = {}

/** A route with an endpoint. One shape for all kinds, so that reading `kind` and `endpoint` stays fast in every caller. */
export class LeasedRoute implements Lease {
  readonly kind: ServedRoute['kind']
  readonly endpoint: Endpoint
  /** Of `moved` and `detour`. */
  readonly from: Identity | undefined
  /** Of `moved` and `detour`. */
  readonly cause: LossCause | undefined
  /** Of `fallback`. */
  readonly error: unknown
  /** Of `overflow`. */
  readonly stored: boolean
  readonly #lease: RequestLease
  #successor: MaybePromise<Route> | undefined

  constructor(
    lease: RequestLease,
    kind: ServedRoute['kind'],
    endpoint: Endpoint,
    from: Identity | undefined,
    cause: LossCause | undefined,
    error: unknown,
    stored: boolean,
  ) {
    this.kind = kind
    this.endpoint = endpoint
    this.from = from
    this.cause = cause
    this.error = error
    this.stored = stored
    this.#lease = lease
    this.#successor = undefined
  }

  next(error?: unknown): MaybePromise<Route> {
    this.#successor ??= this.#lease.next(this.endpoint, error)
    return this.#successor
  }

  settle(outcome: Outcome = ANSWERED): MaybePromise<void> {
    // A late answer of an endpoint that was given up must not take the key from the one that serves now.
    if (this.#successor !== undefined) return
    return this.#lease.settle(this.endpoint, outcome)
  }

  done(): void {
    this.#lease.done()
  }

  explain(): string {
    return `${this.#lease.keyName}: ${this.#finding()}`
  }

  #finding(): string {
    const { identity } = this.endpoint
    switch (this.kind) {
      case 'stuck':
        return `hit, stuck to ${identity}`
      case 'bound':
        return `miss, bound to ${identity}`
      case 'moved':
        return `hit, ${this.from} is lost (${this.cause}), moved to ${identity}`
      case 'detour':
        return `hit, ${this.from} is lost (${this.cause}), detour to ${identity}`
      case 'keyless':
        return `no key, balanced to ${identity}`
      case 'overflow':
        return this.stored ? `miss, overflow, bound to ${identity}` : `overflow to ${identity}, not bound`
      case 'fallback':
        return this.error === undefined
          ? `table full, fallback to ${identity}`
          : `table unavailable, fallback to ${identity}`
    }
  }
}

/** A route without an endpoint. */
export class Refusal implements Lease {
  readonly kind = 'refused'
  readonly reason: RefusalReason
  readonly message: string
  readonly status: number | undefined
  readonly cause: unknown
  readonly #lease: RequestLease

  constructor(
    lease: RequestLease,
    reason: RefusalReason,
    message: string,
    status: number | undefined,
    cause: unknown,
  ) {
    this.reason = reason
    this.message = message
    this.status = status
    this.cause = cause
    this.#lease = lease
  }

  /** Nothing is left to try: answers this refusal. */
  next(): Route {
    return this
  }

  settle(): void {}

  done(): void {
    this.#lease.done()
  }

  explain(): string {
    return `${this.#lease.keyName}: refused, ${this.reason}: ${this.message}`
  }
}
