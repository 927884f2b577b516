/** Resolves when every promise callback that is due has run. Waits for a turn of the event loop, not for time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
