import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import { StickyError } from '../error.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { Binding, Claim, Move, StickyTable } from './sticky-table.ts'

/** What a table was asked, for messages. */
export type TableOperation = 'lookup' | 'claim' | 'move' | 'touch' | 'release'

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
  /** How a request ends whose caller went away while it waited for the table. */
  readonly aborted: (caller: C) => R
  /** Told of every failure, also of calls that no request waits for. */
  readonly report: (operation: TableOperation, error: unknown) => void
}

/**
 * A sticky table that cannot hurt its pool: every call ends, within a set time, either in the next step of the request
 * or in `failed`. A table that answers at once is followed at once, without a promise or a closure.
 */
export class GuardedTable<C extends TableCaller, R> {
  readonly #table: StickyTable
  readonly #guard: TableGuard<C, R>

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

  claim(key: string, candidate: Identity, caller: C, next: Step<C, Claim, R>): MaybePromise<R> {
    let answer: MaybePromise<Claim>
    try {
      answer = this.#table.claim(key, candidate)
    } catch (error) {
      return this.#fail('claim', caller, error)
    }
    return isPromise(answer) ? this.#follow('claim', answer, caller, next) : next(caller, answer)
  }

  move(key: string, from: Binding, to: Identity, caller: C, next: Step<C, Move, R>): MaybePromise<R> {
    let answer: MaybePromise<Move>
    try {
      answer = this.#table.move(key, from, to)
    } catch (error) {
      return this.#fail('move', caller, error)
    }
    return isPromise(answer) ? this.#follow('move', answer, caller, next) : next(caller, answer)
  }

  /** As `move`, for what no route depends on: a failure is only reported. So are the two below. */
  tryMove(key: string, from: Binding, to: Identity): MaybePromise<void> {
    return this.#try('move', () => this.#table.move(key, from, to))
  }

  tryTouch(key: string, binding: Binding): MaybePromise<void> {
    return this.#try('touch', () => this.#table.touch(key, binding))
  }

  tryRelease(key: string, from: Binding): MaybePromise<void> {
    return this.#try('release', () => this.#table.release(key, from))
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
      return caller.signal?.aborted ? this.#guard.aborted(caller) : this.#fail(operation, caller, error)
    }
    return next(caller, settled)
  }

  #fail(operation: TableOperation, caller: C, error: unknown): MaybePromise<R> {
    this.#guard.report(operation, error)
    return this.#guard.failed(caller, error)
  }

  #try(operation: TableOperation, call: () => MaybePromise<unknown>): MaybePromise<void> {
    try {
      const answer = call()
      if (!isPromise(answer)) return
      return this.#within(operation, answer, undefined).then(
        () => undefined,
        (error: unknown) => this.#guard.report(operation, error),
      )
    } catch (error) {
      this.#guard.report(operation, error)
    }
  }

  #within<T>(operation: TableOperation, answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { timeoutMs, clock } = this.#guard
    return new Promise((resolve, reject) => {
      const abort = () => end(() => reject(signal?.reason))
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
        signal?.removeEventListener('abort', abort)
        outcome()
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      answer.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error)),
      )
    })
  }
}
