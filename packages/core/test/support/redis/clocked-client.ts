import type { Clock } from '../../../src/clock.ts'
import type { RedisClient } from '../../../src/table/redis/redis-client.ts'
import { TIME } from '../../../src/table/redis/redis-scripts.ts'

/** A client whose server tells the time of a clock of the test; everything else it does really. */
export interface ClockedClient {
  readonly client: RedisClient
  /**
   * Resolves when every call has been answered, also those that nobody waits for. In a time that leaps, a use that is still on its
   * way would come too late.
   */
  settled(): Promise<void>
}

export function clockedClient(given: RedisClient, clock: Clock): ClockedClient {
  const underWay = new Set<Promise<unknown>>()
  const time = () => {
    const now = clock.now()
    return Promise.resolve([String(Math.floor(now / 1_000)), String(Math.round((now % 1_000) * 1_000))])
  }
  const client = new Proxy(given, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (args.flat().includes(TIME.sha)) return time()
        const answer = (value as (...its: unknown[]) => unknown).apply(target, args)
        if (!(answer instanceof Promise)) return answer
        const ended: Promise<unknown> = answer.catch(() => undefined).then(() => underWay.delete(ended))
        underWay.add(ended)
        return answer
      }
    },
  })
  const settled = async () => {
    // A call that was answered may be followed by another in a later turn, such as a script that is sent again.
    for (let quiet = 0; quiet < 3; quiet++) {
      if (underWay.size > 0) quiet = 0
      await Promise.all(underWay)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { client, settled }
}
