import type { Clock } from '../../clock.ts'

/** A call that is under way. */
export interface Deadline {
  /** Moved on with a clock that jumps. */
  at: number
  /** Told if the time is over before the call is. */
  readonly expire: () => void
  /** Set by whoever ends the call. */
  isOver: boolean
}

/**
 * Ends calls that take too long. All have the same limit, so they fall due in the order in which they came: one timer and a queue do for any
 * number, where a timer for each would cost as much as the call. Where the clock has jumped calls have the time left that they had.
 */
export class CallDeadlines {
  readonly #clock: Clock
  readonly #limitMs: number
  #queue: Deadline[] = []
  #head = 0
  #cancel: (() => void) | undefined
  /** When the timer is to go off. */
  #sweepAt = 0

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
    if (this.#cancel === undefined) this.#sweepIn(this.#limitMs, deadline.at)
    return deadline
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#queue = []
    this.#head = 0
  }

  #sweepIn(ms: number, at: number): void {
    this.#sweepAt = at
    this.#cancel = this.#clock.after(ms, () => this.#sweep())
  }

  #sweep(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    const late = now - this.#sweepAt
    if (late > this.#limitMs || late < -this.#limitMs) this.#moveOn(late, now)
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
    this.#sweepIn(Math.max(1, next.at - now), Math.max(now + 1, next.at))
  }

  /** The clock has jumped by so much, or nothing ran meanwhile: calls of before are told by deadlines that no later one has. */
  #moveOn(by: number, now: number): void {
    for (let index = this.#head; index < this.#queue.length; index++) {
      const deadline = this.#queue[index] as Deadline
      const isOfBefore =
        by > 0 ? deadline.at <= this.#sweepAt + this.#limitMs : deadline.at > now + this.#limitMs
      if (isOfBefore) deadline.at += by
    }
  }
}
