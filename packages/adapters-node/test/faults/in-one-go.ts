/** The longest that a process needs to be heard, on a machine with much else to do. */
const MOST_MS = 10_000

const idle = new Int32Array(new SharedArrayBuffer(4))

/** Waits until it is so, without a turn of the event loop, so that this process cannot notice before. */
export function untilInOneGo(isSo: () => boolean): void {
  const deadline = performance.now() + MOST_MS
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it did not come in time')
    // Leaves the processor to the process that is waited for.
    Atomics.wait(idle, 0, 0, 1)
  }
}
