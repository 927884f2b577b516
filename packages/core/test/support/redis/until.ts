/**
 * Waits until `holds` answers something other than false, null and undefined, and gives that. Throws with `what` and the last error
 * after `ms` milliseconds, also if an answer never comes.
 */
export async function until<T>(
  what: string,
  holds: () => T | Promise<T>,
  ms = 10_000,
): Promise<Exclude<T, false | null | undefined>> {
  const late = AbortSignal.timeout(ms)
  const tooLate = new Promise<never>((_, reject) => {
    late.onabort = () => reject(new Error('no answer'))
  })
  tooLate.catch(() => {})
  for (let cause: unknown; ; ) {
    try {
      const answer = await Promise.race([holds(), tooLate])
      if (answer !== false && answer !== null && answer !== undefined)
        return answer as Exclude<T, false | null | undefined>
    } catch (error) {
      cause = error
    }
    if (late.aborted) throw new Error(`not within ${ms} ms: ${what}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
