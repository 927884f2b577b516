import { TimedCall } from './call-deadlines.ts'

/** A call that can still fail. */
export interface OpenCall {
  readonly reject: (error: unknown) => void
}

/** A call as its caller waits for it. */
export class RedisCall<T> extends TimedCall {
  readonly result: Promise<T>
  resolve!: (result: T | Promise<T>) => void
  reject!: (error: unknown) => void
  readonly #expired: (call: OpenCall) => void

  /** `expired` is told if the call takes too long; it rejects it. */
  constructor(expired: (call: OpenCall) => void) {
    super()
    this.#expired = expired
    this.result = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  override expire(): void {
    this.#expired(this)
  }
}
