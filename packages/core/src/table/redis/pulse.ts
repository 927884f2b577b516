import type { Clock } from '../../clock.ts'
import type { InvalidationListener } from '../near/invalidations.ts'
import { replyCode } from './redis-failure.ts'

/** What a connection is asked, and how often. */
export interface PulseOptions {
  readonly clock: Clock
  readonly everyMs: number
  readonly ping: () => Promise<unknown>
}

/**
 * Hands on what is told on a connection, and asks it now and then whether it is still there: one that a network swallows is closed by
 * nobody, and is as silent as one on which nothing happens. Without an answer for `everyMs` it counts as lost. A server answers in
 * order, so with a late answer all is told again.
 */
export class Pulse implements InvalidationListener {
  readonly #listener: InvalidationListener
  readonly #options: PulseOptions
  #cancel: (() => void) | undefined
  /** Tells the present connection from those before. */
  #turn = 0

  constructor(listener: InvalidationListener, options: PulseOptions) {
    this.#listener = listener
    this.#options = options
  }

  changed(key: string | undefined): void {
    this.#listener.changed(key)
  }

  written(key: string): void {
    if (this.#listener.written === undefined) this.#listener.changed(key)
    else this.#listener.written(key)
  }

  lost(): void {
    this.stop()
    this.#listener.lost()
  }

  restored(): void {
    this.stop()
    this.#wait(this.#turn)
    this.#listener.restored()
  }

  stop(): void {
    this.#turn++
    this.#cancel?.()
    this.#cancel = undefined
  }

  #wait(turn: number, isLost = false): void {
    this.#cancel = this.#options.clock.after(this.#options.everyMs, () => this.#ask(turn, isLost))
  }

  #ask(turn: number, isLost: boolean): void {
    let isLate = isLost
    const late = () => {
      isLate = true
      this.#listener.lost()
    }
    if (!isLost) this.#cancel = this.#options.clock.after(this.#options.everyMs, late)
    const answered = () => {
      if (turn !== this.#turn) return
      if (isLate) return this.restored()
      this.#cancel?.()
      this.#wait(turn)
    }
    this.#options.ping().then(answered, (error: unknown) => {
      // An error that the server answers is an answer.
      if (replyCode(error) !== undefined) return answered()
      if (turn !== this.#turn) return
      // One of a broken connection is told by the connection, too; one of a client that gave up waiting is told by nobody.
      this.#cancel?.()
      if (!isLate) this.#listener.lost()
      this.#wait(turn, true)
    })
  }
}
