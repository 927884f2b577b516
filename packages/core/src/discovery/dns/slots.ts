/** Lets a number of calls run at once; others wait for their turn, first come, first served. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** Runs `call` once there is a slot. Rejects with the signal's reason if it aborts before. */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#take(signal)
    try {
      return await call()
    } finally {
      this.#free++
      const [next] = this.#waiting
      next?.()
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(turn)
        signal.removeEventListener('abort', abort)
      }
      const turn = () => {
        end()
        this.#free--
        resolve()
      }
      const abort = () => {
        end()
        reject(signal.reason)
      }
      this.#waiting.add(turn)
      signal.addEventListener('abort', abort, { once: true })
    })
  }
}
