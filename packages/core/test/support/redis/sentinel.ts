import type { RedisProgram } from './redis-process.ts'
import { type RedisServer, redisServer, sentinelServer } from './server.ts'
import { until } from './until.ts'

export interface RedisSentinelOptions {
  readonly program?: RedisProgram
  /** Default: 2. */
  readonly replicas?: number
  /** Default: 3. */
  readonly sentinels?: number
  /** After how many milliseconds of silence a server is taken as down. Default and least: 700. */
  readonly downAfterMs?: number
  /** Whether servers keep their data over restarts. Default: false. */
  readonly appendonly?: boolean
}

/** A master with replicas, watched by sentinels. `await using` stops all. */
export interface RedisSentinel extends AsyncDisposable {
  /** The name by which clients ask the sentinels for the master. */
  readonly name: string
  /** Where clients find the sentinels. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  readonly sentinels: readonly RedisServer[]
  /** All of them, whatever their present role; the first one was the first master. */
  readonly servers: readonly RedisServer[]
  /** The one that most sentinels name. */
  master(): Promise<RedisServer>
  /**
   * Takes the master away, or asks the sentinels to promote another, and waits until most of them name a new one that takes writes.
   * Gives the new one. A master that was killed or paused stays so; when it is back, the sentinels make it a replica.
   */
  failover(how: 'kill' | 'pause' | 'command'): Promise<RedisServer>
  /** Waits until the sentinels have made every server that runs, except the master, a replica in contact with it. */
  settled(): Promise<void>
  stop(): Promise<void>
}

const NAME = 'main'
/** Sentinels otherwise look every ten seconds for replicas and every two for each other. */
const AT_START = ['INFO-PERIOD', '100', 'PUBLISH-PERIOD', '100']
/**
 * Shorter than `downAfterMs`, or a new master is taken as down before the sentinels are connected to it again. A replica that was
 * heard of five ping periods ago is not promoted, and while the master is down, they ask once a second. Four publish periods
 * have to be longer than that second, too, or the others make the promoted one a replica before they hear of it.
 */
const AFTERWARDS = ['PING-PERIOD', '250', 'INFO-PERIOD', '400', 'PUBLISH-PERIOD', '400']

/** Starts a master, its replicas and its sentinels, and waits until they know each other. */
export async function redisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { program = 'redis-server', replicas = 2, sentinels: count = 3, downAfterMs = 700 } = options
  const { appendonly = false } = options
  const running: RedisServer[] = []
  const stop = async () => {
    await Promise.all(running.map((server) => server.stop()))
  }
  const kept = async (starting: Promise<RedisServer>) => {
    const server = await starting
    running.push(server)
    return server
  }
  try {
    const first = await kept(redisServer({ program, appendonly }))
    const others = await allOf(replicas, () =>
      kept(redisServer({ program, appendonly, replicaOf: first.port })),
    )
    const most = Math.floor(count / 2) + 1
    // Those that are not needed for a decision are slow, so that there are never three candidates with a vote each.
    const config = (index: number) => [
      `sentinel monitor ${NAME} 127.0.0.1 ${first.port} ${most}`,
      `sentinel down-after-milliseconds ${NAME} ${index < most ? downAfterMs : downAfterMs * 2}`,
      `sentinel failover-timeout ${NAME} 2000`,
      `sentinel parallel-syncs ${NAME} ${Math.max(1, replicas)}`,
    ]
    const sentinels = await allOf(count, (index) => kept(sentinelServer({ program, more: config(index) })))
    const setPeriods = (periods: readonly string[]) =>
      Promise.all(sentinels.map((sentinel) => sentinel.cli('SENTINEL', 'DEBUG', ...periods)))
    await setPeriods(AT_START)
    const group = sentinelGroup([first, ...others], sentinels, most, stop)
    await group.settled()
    await setPeriods(AFTERWARDS)
    return group
  } catch (error) {
    await stop()
    throw error
  }
}

function sentinelGroup(
  servers: readonly RedisServer[],
  sentinels: readonly RedisServer[],
  most: number,
  stop: () => Promise<void>,
): RedisSentinel {
  const master = async () => {
    const votes = await Promise.all(
      sentinels.map(async (sentinel) => {
        const answer = await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME).catch(() => '')
        return Number(answer.split('\n')[1])
      }),
    )
    const named = servers.find(({ port }) => votes.filter((vote) => vote === port).length >= most)
    if (!named) throw new Error(`sentinels name ${votes}`)
    return named
  }
  return {
    name: NAME,
    addresses: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    sentinels,
    servers,
    master,
    async failover(how) {
      const before = await master()
      if (how === 'kill') await before.kill()
      else if (how === 'pause') await before.pause()
      else await sentinels[0]?.cli('SENTINEL', 'FAILOVER', NAME)
      return until('another master', async () => {
        const now = await master()
        return now !== before && (await roleOf(now)) === 'master' && now
      })
    },
    settled: () => settled(servers, sentinels, master),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function settled(
  servers: readonly RedisServer[],
  sentinels: readonly RedisServer[],
  master: () => Promise<RedisServer>,
): Promise<void> {
  await until('sentinels and servers know each other', async () => {
    const now = await master()
    const copying = await now.cli('INFO', 'replication')
    const replicas = servers.filter((server) => server !== now && server.isRunning)
    if (replicas.some(({ port }) => !new RegExp(`port=${port},state=online`).test(copying))) return false
    const known = await Promise.all(
      sentinels
        .filter(({ isRunning }) => isRunning)
        .map(async (sentinel) => {
          const [line] = (await sentinel.cli('INFO', 'sentinel')).match(/^master0:.*$/m) ?? ['']
          const [, slaves, watchers] = /status=ok,.*slaves=(\d+),sentinels=(\d+)/.exec(line) ?? []
          return Number(slaves) >= replicas.length && Number(watchers) >= sentinels.length
        }),
    )
    return known.every(Boolean)
  })
}

/** `master`, `slave` or `sentinel`. */
async function roleOf(server: RedisServer): Promise<string> {
  const [role = ''] = (await server.cli('ROLE')).split('\n')
  return role
}

/** All at once; if one fails, the others have started or failed, too, before this throws. */
async function allOf(count: number, start: (index: number) => Promise<RedisServer>): Promise<RedisServer[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, index) => start(index)))
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
