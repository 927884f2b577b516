import type { SliceOptions } from './capabilities.ts'

/** Slots gone through at once: at most 2 ms of work, also where each has a binding that ends. */
export const SLOTS_PER_SLICE = 2_048

/**
 * Goes through the places 1 to `end` in slices, with a turn of the event loop between two. `end` is asked again after
 * each, since places come while the work goes on; `slice` may answer `false` to end it.
 */
export async function inSlices(
  end: () => number,
  slice: (from: number, to: number) => boolean | undefined,
  { signal, onProgress }: SliceOptions = {},
): Promise<void> {
  signal?.throwIfAborted()
  for (let from = 1; from < end(); from += SLOTS_PER_SLICE) {
    if (from > 1) await nextTurn()
    signal?.throwIfAborted()
    const to = Math.min(from + SLOTS_PER_SLICE, end())
    const goesOn = slice(from, to) !== false
    onProgress?.({ done: to - 1, total: end() - 1 })
    if (!goesOn) return
  }
}

/** Lets the process answer what came in meanwhile. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
