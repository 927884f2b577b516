/** An index of each endpoint's keys on a real Redis: what it costs in claims and bytes, and what counts and releases cost with and without it. */
import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import type { IndexedRedisTable } from '../src/table/redis/indexed-redis-table.ts'
import type { RedisTableOptions } from '../src/table/redis/redis-options.ts'
import { redisTable } from '../src/table/redis/redis-table.ts'
import { redisServer } from '../test/support/redis/server.ts'
import { isShort } from './support/interleaved.ts'

const BINDINGS = isShort ? 2_000 : 1_000_000
const IN_FLIGHT = 512

interface Case {
  readonly name: string
  readonly endpoints: number
  readonly options: Omit<RedisTableOptions, 'pool'>
}

const CASES: readonly Case[] = [
  { name: 'no index', endpoints: 50, options: {} },
  { name: '256 buckets', endpoints: 50, options: { index: true } },
  { name: '256 buckets', endpoints: 5, options: { index: true } },
  { name: '4096 buckets', endpoints: 5, options: { index: true, indexBuckets: 4_096 } },
]

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

async function measure({ name, endpoints, options }: Case): Promise<void> {
  await using server = await redisServer()
  const client = new Redis({ port: server.port })
  const table = redisTable(client, { pool: 'p', callTimeoutMs: 60_000, ...options })
  const used = async () => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])
  // What a connection and the scripts take is not of the bindings.
  await table.claim('first', 'web-0')
  const before = await used()
  let next = 0
  const worker = async () => {
    for (let index = next++; index < BINDINGS; index = next++) {
      await table.claim(
        `0b9d4b9e-6f0a-4a57-9c58-${String(index).padStart(12, '0')}`,
        `web-${index % endpoints}`,
      )
    }
  }
  const ms = await timed(() => Promise.all(Array.from({ length: IN_FLIGHT }, worker)))
  const [, [sample = '']] = await client.scan('0', 'MATCH', 'limpet:*0b9d4b9e*', 'COUNT', 1_000)
  const bytes = ((await used()) - before) / BINDINGS - sample.length
  const counting = 'countNow' in table ? (table as IndexedRedisTable) : undefined
  const count = counting === undefined ? undefined : await timed(() => counting.countNow('web-1'))
  const release = await timed(() => table.releaseEndpoint('web-1'))
  console.log(
    `  ${`${name}, ${endpoints} endpoints`.padEnd(28)} ${String(Math.round((BINDINGS / ms) * 1_000)).padStart(7)} claims/s   ${bytes.toFixed(0).padStart(4)} bytes beside the name   count ${count?.toFixed(1) ?? '-'} ms   releaseEndpoint of ${Math.round(BINDINGS / endpoints)} ${release.toFixed(0)} ms`,
  )
  await table.close()
  client.disconnect()
}

if (spawnSync('redis-server', ['--version']).error) {
  console.log('skipped: an index on Redis needs redis-server: apt-get install redis-server')
} else {
  console.log(
    `\nan index of each endpoint's keys, ${BINDINGS} bindings of keys of 36 characters, ioredis, ${IN_FLIGHT} in flight`,
  )
  for (const one of CASES) await measure(one)
}
