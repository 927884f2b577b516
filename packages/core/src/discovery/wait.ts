import type { Clock } from '../clock.ts'

/** How long a wait may last, and who may end it. */
export interface Limits {
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * A promise of what `start` settles, of `timeout()` as a rejection when the time is over, or of the signal's reason.
 * `start` answers how to let go of what it holds; that is called once, whichever way it ends.
 */
export function limited<T>(
  { timeoutMs, clock, signal }: Limits,
  timeout: () => Error,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    let isOver = false
    let release = (): void => undefined
    const over = (settle: () => void) => {
      if (isOver) return
      isOver = true
      cancel()
      signal.removeEventListener('abort', abort)
      release()
      settle()
    }
    const abort = () => over(() => reject(signal.reason))
    const cancel = clock.after(timeoutMs, () => over(() => reject(timeout())))
    signal.addEventListener('abort', abort, { once: true })
    release = start(
      (value) => over(() => resolve(value)),
      (error) => over(() => reject(error)),
    )
  })
}

/** Resolves after `delayMs`, or as soon as the signal aborts: the caller looks at the signal. */
export function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(delayMs, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
