import { nearCache } from '../../../src/table/near/near-cache.ts'
import { openIoredis } from './open-ioredis.ts'
import type { OpenTableFunction } from './open-table.ts'

// Planted bug: a near cache that nobody tells of what other gateways do, though it serves answers as long as if somebody did.
const open: OpenTableFunction = async (place) => {
  const { table, close } = await openIoredis(place)
  const near = nearCache(table, { clock: place.clock, maxAgeMs: 60_000 })
  return {
    table: near,
    async close() {
      await near.close()
      await close()
    },
  }
}

export default open
