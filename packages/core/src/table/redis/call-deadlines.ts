import type { Clock } from '../../clock.ts'

/** A call that is under way, in a list of those that began before and after it. */
export abstract class TimedCall {
  /** When its time is over. */
  at = 0
  isOver = false
  before: TimedCall | undefined = undefined
  after: TimedCall | undefined = undefined

  /** Told if the time is over before the call is. */
  abstract expire(): void
}

/**
 * Ends calls that take too long. All have the same limit, so they fall due in the order in which they came: one timer and a list do for any
 * number, where a timer for each would cost as much as the call. Where the clock has jumped calls
 * have the time left that they had. A call that ends leaves the list at once: what it answered would otherwise
 * be kept, and moved about by the garbage collector, for as long as the limit.
 */
export class CallDeadlines {
  readonly #clock: Clock
  readonly #limitMs: number
  #first: TimedCall | undefined
  #last: TimedCall | undefined
  #cancel: (() => void) | undefined
  /** When the timer is to go off. */
  #sweepAt = 0

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
  }

  /** Whether no call is under way. */
  get isEmpty(): boolean {
    return this.#first === undefined
  }

  begin(call: TimedCall): void {
    call.at = this.#clock.now() + this.#limitMs
    call.before = this.#last
    if (this.#last === undefined) this.#first = call
    else this.#last.after = call
    this.#last = call
    if (this.#cancel === undefined) this.#sweepIn(this.#limitMs, call.at)
  }

  /** A call was answered, or failed. False if its time was over before. */
  end(call: TimedCall): boolean {
    if (call.isOver) return false
    call.isOver = true
    const { before, after } = call
    if (before !== undefined) before.after = after
    else if (this.#first === call) this.#first = after
    if (after !== undefined) after.before = before
    else if (this.#last === call) this.#last = before
    call.before = undefined
    call.after = undefined
    return true
  }

  /** Ends the timer: calls under way have no limit any more. */
  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (let call = this.#first; call !== undefined; ) {
      const { after } = call
      call.before = undefined
      call.after = undefined
      call = after
    }
    this.#first = undefined
    this.#last = undefined
  }

  #sweepIn(ms: number, at: number): void {
    this.#sweepAt = at
    this.#cancel = this.#clock.after(ms, this.#sweep)
  }

  readonly #sweep = (): void => {
    this.#cancel = undefined
    const now = this.#clock.now()
    const late = now - this.#sweepAt
    if (late > this.#limitMs || late < -this.#limitMs) this.#moveOn(late, now)
    for (let call = this.#first; call !== undefined && call.at <= now; call = this.#first) {
      this.end(call)
      call.expire()
    }
    if (this.#first === undefined || this.#cancel !== undefined) return
    const { at } = this.#first
    this.#sweepIn(Math.max(1, at - now), Math.max(now + 1, at))
  }

  /** The clock has jumped by so much, or nothing ran meanwhile: calls of before are told by deadlines that no later one has. */
  #moveOn(by: number, now: number): void {
    for (let call = this.#first; call !== undefined; call = call.after) {
      const isOfBefore = by > 0 ? call.at <= this.#sweepAt + this.#limitMs : call.at > now + this.#limitMs
      if (isOfBefore) call.at += by
    }
  }
}
