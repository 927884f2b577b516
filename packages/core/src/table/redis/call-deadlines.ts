import type { Clock } from '../../clock.ts'

/** A call that is under way. */
export interface Deadline {
  readonly at: number
  /** Told if the time is over before the call is. */
  readonly expire: () => void
  /** Set by whoever ends the call. */
  isOver: boolean
}

/**
 * Ends calls that take too long. All have the same limit, so they fall due in the order in which they came: one timer and a queue do for any
 * number, where a timer for each would cost as much as the call.
 */
export class CallDeadlines {
  readonly #clock: Clock
  readonly #limitMs: number
  #queue: Deadline[] = []
  #head = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
  }

  /** Calls that are under way or ended and not yet swept. */
  get size(): number {
    return this.#queue.length - this.#head
  }

  /** A call begins; `expire` is told if its time is over before it is. */
  begin(expire: () => void): Deadline {
    const deadline: Deadline = { at: this.#clock.now() + this.#limitMs, expire, isOver: false }
    this.#queue.push(deadline)
    this.#cancel ??= this.#clock.after(this.#limitMs, () => this.#sweep())
    return deadline
  }

  /** The answer of a call, or `late()` as failure if it takes longer than the limit. What comes later is dropped. */
  within<T>(call: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.begin(() => reject(late()))
      call.then(
        (value) => {
          deadline.isOver = true
          resolve(value)
        },
        (error: unknown) => {
          deadline.isOver = true
          reject(error)
        },
      )
    })
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#queue = []
    this.#head = 0
  }

  #sweep(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    while (this.#head < this.#queue.length) {
      const deadline = this.#queue[this.#head] as Deadline
      if (!deadline.isOver && deadline.at > now) break
      this.#head++
      if (deadline.isOver) continue
      deadline.isOver = true
      deadline.expire()
    }
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
      return
    }
    if (this.#head > 1_024) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    const next = this.#queue[this.#head] as Deadline
    this.#cancel = this.#clock.after(Math.max(1, next.at - now), () => this.#sweep())
  }
}
