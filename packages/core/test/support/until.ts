/** Resolves with what `ready` answers as soon as that is not undefined; looked at in each turn of the event loop. */
export async function until<T>(ready: () => T | undefined, what: string, patienceMs = 10_000): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const value = ready()
    if (value !== undefined) return value
    if (performance.now() > end) throw new Error(`${what}: not within ${patienceMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
