export type { CallClient, CustomCommandClient, EvalShaClient, RedisClient } from './redis-client.ts'
export type { RedisTableOptions } from './redis-options.ts'
export { type CountingRedisTable, type RedisTable, redisTable } from './redis-table.ts'
