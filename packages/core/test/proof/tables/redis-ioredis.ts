import { openIoredis } from './open-ioredis.ts'
import type { OpenTableFunction } from './open-table.ts'

/** `redisTable` over ioredis. */
const open: OpenTableFunction = (place) => openIoredis(place)

export default open
