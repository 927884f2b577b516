export type { CountingRedisTable } from './counting-redis-table.ts'
export type { IndexedRedisTable } from './indexed-redis-table.ts'
export type { CallClient, CustomCommandClient, EvalShaClient, RedisClient } from './redis-client.ts'
export {
  type MessageEventSubscriber,
  type MessageListenerSubscriber,
  type RedisInvalidationsOptions,
  type RedisSubscriber,
  redisInvalidations,
} from './redis-invalidations.ts'
export type { RedisTableOptions } from './redis-options.ts'
export type { RedisTable } from './redis-sticky-table.ts'
export { redisTable } from './redis-table.ts'
