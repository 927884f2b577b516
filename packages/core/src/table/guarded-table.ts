import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import { StickyError } from '../error.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { Binding, Claim, Move, StickyTable } from './sticky-table.ts'

/** What a table was asked, for messages; `follow`: one that computes its bindings was told of endpoints. @public */
export type TableOperation = 'lookup' | 'claim' | 'move' | 'touch' | 'release' | 'follow'

/** The request on whose behalf a table is asked: its signal ends the wait. */
export interface TableCaller {
  readonly signal: AbortSignal | undefined
}

/** How a request goes on with what the table answered. */
export type Step<C, T, R> = (caller: C, answer: T) => MaybePromise<R>

/** What a {@link GuardedTable} needs besides the table. */
export interface TableGuard<C, R> {
  readonly timeoutMs: number
  readonly clock: Clock
  /** How a request goes on without the table. */
  readonly failed: Step<C, unknown, R>
  /** How a request ends whose caller went away, or whose pool was closed, while it waited for the table. */
  readonly ended: (caller: C) => R
  /** Told of every failure, also of calls that no request waits for. */
  readonly report: (operation: TableOperation, error: unknown) => void
}

/** What a wait rejects with that was ended from outside: no failure of the table. */
const ENDED = Symbol('ended')

/**
 * A sticky table that cannot hurt its pool: every call ends, within a set time, either in the next step of the request
 * or in `failed`. A table that answers at once is followed at once, without a promise or a closure.
 */
export class GuardedTable<C extends TableCaller, R> {
  readonly #table: StickyTable
  readonly #guard: TableGuard<C, R>
  readonly #waits = new Set<() => void>()

  constructor(table: StickyTable, guard: TableGuard<C, R>) {
    this.#table = table
    this.#guard = guard
  }

  lookup(key: string, caller: C, next: Step<C, Binding | undefined, R>): MaybePromise<R> {
    let answer: MaybePromise<Binding | undefined>
    try {
      answer = this.#table.lookup(key)
    } catch (error) {
      return this.#fail('lookup', caller, error)
    }
    return isPromise(answer) ? this.#follow('lookup', answer, caller, next) : next(caller, answer)
  }

  claim(
    key: string,
    candidate: Identity,
    address: string | undefined,
    caller: C,
    next: Step<C, Claim, R>,
  ): MaybePromise<R> {
    let answer: MaybePromise<Claim>
    try {
      answer = this.#table.claim(key, candidate, address)
    } catch (error) {
      return this.#fail('claim', caller, error)
    }
    return isPromise(answer) ? this.#follow('claim', answer, caller, next) : next(caller, answer)
  }

  move(
    key: string,
    from: Binding,
    to: Identity,
    address: string | undefined,
    caller: C,
    next: Step<C, Move, R>,
  ): MaybePromise<R> {
    let answer: MaybePromise<Move>
    try {
      answer = this.#table.move(key, from, to, address)
    } catch (error) {
      return this.#fail('move', caller, error)
    }
    return isPromise(answer) ? this.#follow('move', answer, caller, next) : next(caller, answer)
  }

  /**
   * As `move`, for what no route depends on: a failure is only reported. So are the three below. `moved` gets the binding
   * if this call made it.
   */
  tryMove(key: string, from: Binding, to: Identity, moved?: (binding: Binding) => void): MaybePromise<void> {
    return this.#try(
      'move',
      () => this.#table.move(key, from, to),
      (move) => {
        if (move.moved) moved?.(move.binding)
      },
    )
  }

  /** Answers whether the table answered. */
  async tryClaim(key: string, candidate: Identity, address: string | undefined): Promise<boolean> {
    let isAnswered = false
    const claim = () => this.#table.claim(key, candidate, address)
    await this.#try('claim', claim, () => {
      isAnswered = true
    })
    return isAnswered
  }

  tryTouch(key: string, binding: Binding): MaybePromise<void> {
    return this.#try('touch', () => this.#table.touch(key, binding))
  }

  tryRelease(key: string, from: Binding): MaybePromise<void> {
    return this.#try('release', () => this.#table.release(key, from))
  }

  /** Ends every wait. Later calls wait as before: a route already given may still need the table. */
  close(): void {
    for (const end of this.#waits) end()
  }

  async #follow<T>(
    operation: TableOperation,
    answer: Promise<T>,
    caller: C,
    next: Step<C, T, R>,
  ): Promise<R> {
    let settled: T
    try {
      settled = await this.#within(operation, answer, caller.signal)
    } catch (error) {
      return error === ENDED ? this.#guard.ended(caller) : this.#fail(operation, caller, error)
    }
    return next(caller, settled)
  }

  #fail(operation: TableOperation, caller: C, error: unknown): MaybePromise<R> {
    this.#guard.report(operation, error)
    return this.#guard.failed(caller, error)
  }

  #try<T>(
    operation: TableOperation,
    call: () => MaybePromise<T>,
    answered: (answer: T) => void = () => undefined,
  ): MaybePromise<void> {
    try {
      const answer = call()
      if (!isPromise(answer)) return answered(answer)
      return this.#within(operation, answer, undefined)
        .then(answered)
        .catch((error: unknown) => {
          if (error !== ENDED) this.#guard.report(operation, error)
        })
    } catch (error) {
      this.#guard.report(operation, error)
    }
  }

  #within<T>(operation: TableOperation, answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { timeoutMs, clock } = this.#guard
    return new Promise((resolve, reject) => {
      const stop = () => end(() => reject(ENDED))
      const cancel = clock.after(timeoutMs, () =>
        end(() =>
          reject(
            new StickyError(
              'table-timeout',
              `the sticky table did not answer ${operation} within ${timeoutMs} ms (option "createSticky.tableTimeoutMs")`,
            ),
          ),
        ),
      )
      const end = (outcome: () => void) => {
        cancel()
        signal?.removeEventListener('abort', stop)
        this.#waits.delete(stop)
        outcome()
      }
      // Also for a caller who has gone already: a failure that nobody follows would end the process.
      answer.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error)),
      )
      if (signal?.aborted) return stop()
      signal?.addEventListener('abort', stop, { once: true })
      this.#waits.add(stop)
    })
  }
}
