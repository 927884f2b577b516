/** Waits until `holds` answers something true and gives that. Throws with `what` and the last error after `ms` milliseconds. */
export async function until<T>(
  what: string,
  holds: () => T | Promise<T>,
  ms = 10_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + ms
  for (let cause: unknown; ; ) {
    try {
      const answer = await holds()
      if (answer !== false && answer !== null && answer !== undefined)
        return answer as Exclude<T, false | null | undefined>
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
