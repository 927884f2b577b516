/**
 * Work in slices of a few milliseconds: each `next()` does one, the last answers the result. Who waits for it calls until
 * it is done; who must go on answering does other things in between.
 */
export type Steps<T> = Generator<undefined, T, undefined>

/** Does all that is left at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Does one slice now and one in each turn of the event loop. The process stays alive until it is done.
 *
 * @throws the reason of `signal` once it is aborted; what the work throws
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    signal?.throwIfAborted()
    const { done, value } = steps.next()
    if (done) return value
    await new Promise((resolve) => setImmediate(resolve))
  }
}
