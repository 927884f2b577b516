/** What a new key costs when the table is full, so that another binding ends for it, by the size of the table. */
import { memoryTable } from '../src/table/memory.ts'
import { interleaved, isShort } from './support/interleaved.ts'

let bound = 0

const sizes = isShort ? [1_000, 10_000] : [10_000, 100_000, 1_000_000, 10_000_000]
interleaved(
  'a new key in a full table, by its size',
  sizes.map((size) => {
    const table = memoryTable({ maxEntries: size })
    let next = 0
    const key = () => `session-0000-4000-8000-${(next++).toString(36).padStart(13, '0')}`
    for (let i = 0; i < size; i++) table.claim(key(), 'pod-1')
    return {
      name: `${size.toLocaleString('en')} bindings`,
      run(operations: number) {
        for (let i = 0; i < operations; i++) if (table.claim(key(), 'pod-1').created) bound++
        if (table.size !== size) throw new Error('the table is not full')
      },
    }
  }),
)

if (bound === 0) throw new Error('nothing was bound')
