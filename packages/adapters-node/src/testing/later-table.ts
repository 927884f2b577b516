import type { StickyTable } from '@limpet/core'

/** A table that answers in a later turn of the event loop, as one behind a network does. */
export function laterTable(table: StickyTable): StickyTable {
  const later = <T>(answer: () => T): Promise<Awaited<T>> =>
    new Promise((resolve) => setImmediate(() => resolve(answer() as Awaited<T>)))
  return {
    lookup: (key) => later(() => table.lookup(key)),
    claim: (key, candidate) => later(() => table.claim(key, candidate)),
    move: (key, from, to) => later(() => table.move(key, from, to)),
    touch: (key, binding) => later(() => table.touch(key, binding)),
    release: (key, from) => later(() => table.release(key, from)),
  }
}
