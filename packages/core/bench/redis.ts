/** A table on a real Redis, beside a bare loop of the same command on the same client: what the table adds to a call. */
import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { nearCache } from '../src/table/near/near-cache.ts'
import { redisInvalidations } from '../src/table/redis/redis-invalidations.ts'
import type { RedisTable } from '../src/table/redis/redis-sticky-table.ts'
import { redisTable } from '../src/table/redis/redis-table.ts'
import type { Binding } from '../src/table/sticky-table.ts'
import { redisServer } from '../test/support/redis/server.ts'
import { isShort, median } from './support/interleaved.ts'

const IN_FLIGHT = [1, 64, 512]
const KEYS = 4_096
const ROUNDS = isShort ? 2 : 41
const CALLS = isShort ? 200 : 4_000

interface Contender {
  readonly name: string
  readonly call: (key: string, number: number) => unknown
}

/** What a call takes, in microseconds: of time, and of this process's CPU time, which other work on the machine touches less. */
interface Cost {
  readonly time: number
  readonly cpu: number
}

/** Calls, `inFlight` of them at a time. */
async function timed(call: Contender['call'], inFlight: number, keys: readonly string[]): Promise<Cost> {
  const calls = inFlight === 1 ? CALLS / 4 : CALLS
  let next = 0
  const worker = async () => {
    while (next < calls) {
      const number = next++
      await call(keys[number % keys.length] as string, number)
    }
  }
  const start = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  await Promise.all(Array.from({ length: inFlight }, worker))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { time: Number(process.hrtime.bigint() - start) / 1_000 / calls, cpu: (user + system) / calls }
}

async function compare(
  title: string,
  contenders: readonly Contender[],
  keys: readonly string[],
): Promise<void> {
  for (const inFlight of IN_FLIGHT) {
    const costs = contenders.map((): Cost[] => [])
    for (const { call } of contenders) await timed(call, inFlight, keys)
    for (let round = 0; round < ROUNDS; round++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const index = (turn + round) % contenders.length
        costs[index]?.push(await timed((contenders[index] as Contender).call, inFlight, keys))
      }
    }
    const [bare = []] = costs
    for (const [index, { name }] of contenders.entries()) {
      const own = costs[index] as Cost[]
      const ratio = (of: keyof Cost) =>
        median(own.map((cost, round) => (bare[round] as Cost)[of] / cost[of])).toFixed(2)
      const rate = Math.round(1e6 / median(own.map(({ time }) => time)))
      const cpu = median(own.map((cost) => cost.cpu)).toFixed(1)
      console.log(
        `  ${`${title}, ${inFlight} in flight`.padEnd(34)} ${name.padEnd(12)} ${String(rate).padStart(7)}/s ${ratio('time')}x  ${cpu.padStart(6)} us of CPU ${ratio('cpu')}x`,
      )
    }
  }
}

/** How long a move takes until the near cache of another replica no longer answers what was before. */
async function invalidations(url: string, mover: RedisTable): Promise<void> {
  const client = await createClient({ url }).connect()
  const subscriber = await client.duplicate().connect()
  let watched = (): void => undefined
  const isWatched = new Promise<void>((resolve) => {
    watched = resolve
  })
  const source = redisInvalidations(subscriber, { pool: 'node' })
  const near = nearCache(redisTable(client, { pool: 'node', callTimeoutMs: 5_000 }), {
    invalidations: {
      ...source,
      watch: (listener) => {
        const restored = () => {
          listener.restored()
          watched()
        }
        return source.watch({
          changed: (key) => listener.changed(key),
          lost: () => listener.lost(),
          restored,
        })
      },
    },
  })
  await isWatched
  const delays: number[] = []
  for (let i = 0; i < (isShort ? 5 : 200); i++) {
    const key = `moved-${i}`
    const { binding } = await mover.claim(key, 'web-1')
    await near.lookup(key)
    const from = performance.now()
    await mover.move(key, binding as Binding, 'web-2')
    while ((await near.lookup(key))?.identity !== 'web-2')
      await new Promise((resolve) => setImmediate(resolve))
    delays.push(performance.now() - from)
  }
  const sorted = delays.toSorted((one, other) => one - other)
  const p99 = sorted[Math.floor(sorted.length * 0.99)] as number
  console.log(
    `\na move until another replica's near cache knows: median ${median(delays).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms (goal 50)`,
  )
  await near.close()
  subscriber.destroy()
  client.destroy()
}

if (spawnSync('redis-server', ['--version']).error) {
  console.log('skipped: a table on Redis needs redis-server: apt-get install redis-server')
} else {
  await using server = await redisServer()
  const io = new Redis({ port: server.port })
  const node = await createClient({ url: server.url }).connect()
  const value = '1abcdef0000000000000-web-42'
  const life = 13_500_000
  const keys = Array.from(
    { length: KEYS },
    (_, index) => `0b9d4b9e-6f0a-4a57-9c58-${String(index).padStart(12, '0')}`,
  )
  const ioTable = redisTable(io, { pool: 'io', callTimeoutMs: 5_000 })
  const nodeTable = redisTable(node, { pool: 'node', callTimeoutMs: 5_000 })
  for (const key of keys) await Promise.all([ioTable.claim(key, 'web-42'), nodeTable.claim(key, 'web-42')])

  console.log(
    '\nlook-ups and claims on one connection; 1.00x = the rate, and the calls for each second of CPU time, of the bare loop',
  )
  await compare(
    'ioredis, look-up',
    [
      { name: 'bare GET', call: (key) => io.call('GET', `limpet:io:${key}`) },
      { name: 'redisTable', call: (key) => ioTable.lookup(key) },
    ],
    keys,
  )
  await compare(
    'ioredis, claim',
    [
      {
        name: 'bare SET',
        call: (key, n) =>
          io.call('SET', `limpet:bare:${key}${n % 3}`, value, 'NX', 'GET', 'PX', String(life)),
      },
      { name: 'redisTable', call: (key, n) => ioTable.claim(`${key}${n % 3}`, 'web-42') },
    ],
    keys,
  )
  await compare(
    'node-redis, look-up',
    [
      { name: 'bare GET', call: (key) => node.get(`limpet:node:${key}`) },
      { name: 'redisTable', call: (key) => nodeTable.lookup(key) },
    ],
    keys,
  )
  await compare(
    'node-redis, claim',
    [
      {
        name: 'bare SET',
        call: (key, n) =>
          node.set(`limpet:bare:${key}${n % 3}`, value, {
            condition: 'NX',
            GET: true,
            expiration: { type: 'PX', value: life },
          }),
      },
      { name: 'redisTable', call: (key, n) => nodeTable.claim(`${key}${n % 3}`, 'web-42') },
    ],
    keys,
  )
  await invalidations(server.url, nodeTable)
  await ioTable.close()
  await nodeTable.close()
  io.disconnect()
  node.destroy()
}
