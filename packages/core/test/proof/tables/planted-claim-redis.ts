import type { Claim } from '../../../src/table/sticky-table.ts'
import { openIoredis } from './open-ioredis.ts'
import type { OpenTableFunction } from './open-table.ts'
import { redisOptions } from './redis-settings.ts'

// Planted bug: a claim that is no single command, but a look-up and then a write.
const open: OpenTableFunction = async (place) => {
  const { client, table, close } = await openIoredis(place)
  const name = (key: string) => `limpet:${redisOptions(place).pool}:${key}`
  return {
    table: {
      scope: 'shared',
      lookup: (key) => table.lookup(key),
      async claim(key, to): Promise<Claim> {
        const binding = await table.lookup(key)
        if (binding) return { binding, created: false }
        await client.call('DEL', name(key))
        return table.claim(key, to)
      },
      move: (key, from, to) => table.move(key, from, to),
      touch: (key, binding) => table.touch(key, binding),
      release: (key, from) => table.release(key, from),
    },
    close,
  }
}

export default open
