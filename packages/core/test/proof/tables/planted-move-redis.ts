import { openIoredis } from './open-ioredis.ts'
import type { OpenTableFunction } from './open-table.ts'

// Planted bug: a move that takes whatever stands for what it was to replace.
const open: OpenTableFunction = async (place) => {
  const { table, close } = await openIoredis(place)
  return {
    table: {
      scope: 'shared',
      lookup: (key) => table.lookup(key),
      claim: (key, to) => table.claim(key, to),
      move: async (key, from, to) => table.move(key, (await table.lookup(key)) ?? from, to),
      touch: (key, binding) => table.touch(key, binding),
      release: (key, from) => table.release(key, from),
    },
    close,
  }
}

export default open
