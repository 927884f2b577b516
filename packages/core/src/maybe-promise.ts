/** A value now, or a promise of it. What answers at once must not cost a turn of the event loop. @public */
export type MaybePromise<T> = T | Promise<T>

/** Tells a promise (or any thenable) from a value. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
