/**
 * Near caches on a real Redis, told by PUBLISH and told by client tracking: how soon another replica knows of a move, how many round
 * trips a key costs in steady state, and what the messages cost the server and the replicas.
 */
import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type NearCache, nearCache } from '../src/table/near/near-cache.ts'
import type { CallClient } from '../src/table/redis/redis-client.ts'
import { redisInvalidations } from '../src/table/redis/redis-invalidations.ts'
import { redisTable } from '../src/table/redis/redis-table.ts'
import type { Binding } from '../src/table/sticky-table.ts'
import { type RedisServer, redisServer } from '../test/support/redis/server.ts'
import { isShort } from './support/interleaved.ts'

const WAYS = ['publish', 'tracking'] as const
type Way = (typeof WAYS)[number]

const MOVES = isShort ? 5 : 1_000
const IDLE_TIMEOUT_MS = isShort ? 200 : 4_000
const IDLE_TIMEOUTS = isShort ? 1 : 8
const KEYS = isShort ? 8 : 64
const CLAIMS = isShort ? 500 : 50_000

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A replica: its near cache, and how many commands it has sent. */
class Replica implements AsyncDisposable {
  readonly near: NearCache
  readonly #client: Redis
  readonly #close: () => void
  commands = 0

  private constructor(client: Redis, near: (counted: CallClient) => NearCache, close: () => void) {
    this.#client = client
    this.#close = close
    this.near = near({
      call: (command, ...args) => {
        this.commands++
        return client.call(command, ...args)
      },
    })
  }

  static async open(server: RedisServer, pool: string, by: Way): Promise<Replica> {
    const client = new Redis({ port: server.port })
    const subscriber = createClient({ url: server.url, emitInvalidate: true })
    await subscriber.connect()
    const table = (counted: CallClient) =>
      nearCache(redisTable(counted, { pool, idleTimeoutMs: IDLE_TIMEOUT_MS, callTimeoutMs: 5_000 }), {
        invalidations: redisInvalidations(subscriber, { pool, by }),
      })
    const replica = new Replica(client, table, () => subscriber.destroy())
    while (!replica.near.stats().isWatched) await turn()
    return replica
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.near.close()
    this.#client.disconnect()
    this.#close()
  }
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other)
  return (sorted[Math.floor(sorted.length * share)] as number).toFixed(2)
}

/** How long a move takes until the near cache of another replica no longer answers what was before. */
async function delays(server: RedisServer, by: Way): Promise<void> {
  await using mover = await Replica.open(server, `delay-${by}`, by)
  await using replica = await Replica.open(server, `delay-${by}`, by)
  const times: number[] = []
  for (let move = 0; move < MOVES; move++) {
    const key = `k-${move}`
    const { binding } = await mover.near.claim(key, 'web-1')
    await replica.near.lookup(key)
    const from = performance.now()
    await mover.near.move(key, binding as Binding, 'web-2')
    while ((await replica.near.lookup(key))?.identity !== 'web-2') await turn()
    times.push(performance.now() - from)
  }
  console.log(
    `  ${by.padEnd(10)} median ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms, longest ${percentile(times, 0.9999)} ms (goal 50)`,
  )
}

/** Keys in use all the time, by both of two replicas: commands for each key and idle timeout. */
async function steadyState(server: RedisServer, by: Way): Promise<void> {
  const pool = `steady-${by}`
  const replicas = await Promise.all([Replica.open(server, pool, by), Replica.open(server, pool, by)])
  const keys = Array.from({ length: KEYS }, (_, index) => `k-${index}`)
  const claims = await Promise.all(keys.map((key) => (replicas[0] as Replica).near.claim(key, 'web-1')))
  if (claims.length !== KEYS) throw new Error('not every key was claimed')
  let requests = 0
  const use = async () => {
    for (const key of keys) {
      await (replicas[requests++ % 2] as Replica).near.lookup(key)
    }
    requests++
  }
  const sent = () => replicas.reduce((sum, { commands }) => sum + commands, 0)
  await use()
  await use()
  const before = sent()
  const end = performance.now() + IDLE_TIMEOUTS * IDLE_TIMEOUT_MS
  while (performance.now() < end) {
    await use()
    await pause(IDLE_TIMEOUT_MS / 400)
  }
  const each = (sent() - before) / KEYS / IDLE_TIMEOUTS
  console.log(
    `  ${by.padEnd(10)} ${each.toFixed(1)} round trips for each key and idle timeout: ${(each / 1_800).toFixed(4)} for each request, with one each 2 s and an hour`,
  )
  for (const replica of replicas) await replica[Symbol.asyncDispose]()
}

/** Sticky sessions from their beginning: a claim and nine look-ups of it, by one replica. */
async function sessions(server: RedisServer, by: Way): Promise<void> {
  await using replica = await Replica.open(server, `sessions-${by}`, by)
  const count = isShort ? 20 : 2_000
  await replica.near.claim('before', 'web-1')
  await pause(20)
  const before = replica.commands
  for (let session = 0; session < count; session++) {
    await replica.near.claim(`s-${session}`, 'web-1')
    for (let request = 1; request < 10; request++) {
      await replica.near.lookup(`s-${session}`)
      await turn()
    }
  }
  console.log(
    `  ${by.padEnd(10)} ${((replica.commands - before) / count).toFixed(3)} commands for each session of ten requests`,
  )
}

/** A connection that is told, and counts what. */
async function listener(
  server: RedisServer,
  by: Way,
  pool: string,
): Promise<{ socket: Socket; bytes: () => number }> {
  const socket = connect(server.port, '127.0.0.1')
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  const start =
    by === 'tracking'
      ? `HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX limpet:${pool}:\r\n`
      : `SUBSCRIBE limpet~changes:${pool}\r\n`
  socket.write(start)
  while (bytes === 0) await turn()
  await pause(20)
  bytes = 0
  return { socket, bytes: () => bytes }
}

async function cpuMs(server: RedisServer): Promise<number> {
  const info = await server.cli('INFO', 'cpu')
  return ['used_cpu_user', 'used_cpu_sys']
    .map((name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]) * 1_000)
    .reduce((sum, one) => sum + one, 0)
}

/** What claims cost the server while so many replicas are told. */
async function claims(server: RedisServer, by: Way, replicas: number): Promise<void> {
  const pool = `claims-${by}-${replicas}`
  const listeners = await Promise.all(Array.from({ length: replicas }, () => listener(server, by, pool)))
  const client = new Redis({ port: server.port })
  const table = redisTable(client, { pool, callTimeoutMs: 10_000 })
  await table.claim('first', 'web-1')
  const cpu = await cpuMs(server)
  const from = performance.now()
  let next = 0
  const worker = async () => {
    while (next < CLAIMS)
      await table.claim(`0b9d4b9e-6f0a-4a57-9c58-${String(next++).padStart(12, '0')}`, 'web-42')
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  const seconds = (performance.now() - from) / 1_000
  await pause(100)
  const each = (((await cpuMs(server)) - cpu) * 1_000) / CLAIMS
  const bytes = (listeners[0]?.bytes() ?? 0) / CLAIMS
  console.log(
    `  ${by.padEnd(10)} ${String(replicas).padStart(2)} replicas told: ${each.toFixed(1).padStart(5)} us of the server for each claim, ${bytes.toFixed(0).padStart(3)} bytes to each replica, ${Math.round(CLAIMS / seconds)} claims/s`,
  )
  for (const { socket } of listeners) socket.destroy()
  await table.close()
  client.disconnect()
}

if (spawnSync('redis-server', ['--version']).error) {
  console.log('skipped: tracking needs redis-server: apt-get install redis-server')
} else {
  await using server = await redisServer()
  console.log("\na move until another replica's near cache knows")
  for (const by of WAYS) await delays(server, by)
  console.log('\nnew keys')
  for (const by of WAYS) await sessions(server, by)
  console.log('\nkeys in use all the time, by 2 replicas')
  for (const by of WAYS) await steadyState(server, by)
  console.log('\nclaims, 64 in flight')
  for (const replicas of [1, 4, 16]) for (const by of WAYS) await claims(server, by, replicas)
}
