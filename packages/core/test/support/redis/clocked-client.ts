import type { Clock } from '../../../src/clock.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { TIME } from '../../../src/table/redis/redis-scripts.ts'

/** A client whose server tells the time of a clock of the test; everything else it does really. */
export function clockedClient(client: RedisClient, clock: Clock): RedisClient {
  const time = () => {
    const now = clock.now()
    return Promise.resolve([String(Math.floor(now / 1_000)), String(Math.round((now % 1_000) * 1_000))])
  }
  return new Proxy(client, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const isTime = args.flat().includes(TIME.sha)
        return isTime ? time() : (value as (...given: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}
