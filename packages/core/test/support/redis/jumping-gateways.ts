import type { Clock } from '../../../src/clock.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { checkRedisOptions, type RedisTableOptions } from '../../../src/table/redis/redis-options.ts'
import { RedisStickyTable, type RedisTable } from '../../../src/table/redis/redis-sticky-table.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { clockedClient } from './clocked-client.ts'

/** A gateway with a clock of its own, by which its table goes. */
export interface JumpingGateway {
  readonly table: RedisTable
  readonly clock: Clock
  /** Its clock jumps, unlike the others of its machine. */
  jump(ms: number): void
  /** Its machine stands still, with all of its clocks. */
  sleep(ms: number): void
}

/** Gateways on one Redis, whose time is that of `server`. */
export interface JumpingGateways extends AsyncDisposable {
  readonly server: FakeClock
  readonly gateways: readonly JumpingGateway[]
  settled(): Promise<void>
  /** Time passes everywhere. */
  advance(ms: number): Promise<void>
  /** Time passes, but for one gateway, whose machine stands still with all of its clocks: nothing tells it. */
  pause(gateway: JumpingGateway, ms: number): Promise<void>
}

export function jumpingGateways(
  given: RedisClient,
  count: number,
  options: Omit<RedisTableOptions, 'clock'>,
): JumpingGateways {
  // Late enough that an hour before is a time, too.
  const server = fakeClock(1_000_000_000_000)
  const { client, settled, advance } = clockedClient(given, server)
  const gateways = Array.from({ length: count }, (_, index): JumpingGateway => {
    let ahead = index * 90_000
    let slept = 0
    const clock: Clock = { now: () => server.now() + ahead - slept, after: server.after }
    const machine = { monotonic: () => server.now() - slept, wall: () => server.now() - slept }
    const checked = checkRedisOptions('redisTable', { callTimeoutMs: 5_000, ...options, clock })
    return {
      clock,
      table: new RedisStickyTable(client, checked, undefined, machine),
      jump(ms) {
        ahead += ms
      },
      sleep(ms) {
        slept += ms
      },
    }
  })
  return {
    server,
    gateways,
    settled,
    advance,
    async pause(gateway, ms) {
      await settled()
      gateway.sleep(ms)
      await advance(ms)
    },
    async [Symbol.asyncDispose]() {
      await settled()
      await Promise.all(gateways.map(({ table }) => table.close()))
    },
  }
}
