import type { Clock } from '../../../src/clock.ts'
import { commandsOf, type RedisClient } from '../../../src/table/redis/redis-client.ts'
import type { FakeClock } from '../../../src/testing/fake-clock.ts'
import { clockedScript, END_IF_DUE, FAR_AHEAD_MS } from './clocked-script.ts'

/**
 * A client whose server goes by the clock of a test: its time, and when keys end. Everything else it does really. Clients of one server that are
 * given the same clock share that time.
 */
export interface ClockedClient {
  readonly client: RedisClient
  /**
   * Resolves when every call has been answered, also those that nobody waits for. In a time that leaps, a use that is still on its
   * way would come too late.
   */
  settled(): Promise<void>
  /** Moves the clock on, when all calls are answered, and ends the keys whose time is over then. */
  advance(ms: number): Promise<void>
}

type Args = readonly unknown[]

export function clockedClient(given: RedisClient, clock: FakeClock): ClockedClient {
  const underWay = new Set<Promise<unknown>>()
  const names = new Set<string>()
  const client = new Proxy(given, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown
      if (typeof value !== 'function') return value
      return (...args: Args) => {
        const [method, clocked] = inTimeOf(clock, String(property), args, names)
        const answer = (Reflect.get(target, method) as (...its: Args) => unknown).apply(
          target,
          clocked as unknown[],
        )
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
  const advance = async (ms: number) => {
    await settled()
    clock.advance(ms)
    const moment = [String(FAR_AHEAD_MS + clock.now())]
    const commands = commandsOf('client', given)
    await Promise.all([...names].map((name) => commands.eval(END_IF_DUE, [name], moment)))
  }
  return { client, settled, advance }
}

/** A call as it is to be sent to a server of this time: its method and arguments. */
function inTimeOf(clock: Clock, method: string, args: Args, names: Set<string>): [string, Args] {
  const now = () => String(clock.now())
  if (method === 'evalSha') {
    const [sha, options] = args as [string, { keys: string[]; arguments: string[] }]
    const text = clockedScript(sha)
    if (text === undefined) return [method, args]
    names.add(options.keys[0] as string)
    return ['eval', [text, { keys: options.keys, arguments: [...options.arguments, now()] }]]
  }
  if (method === 'set') {
    const [key, value, options] = args as [string, string, { expiration: { type: string; value: number } }]
    names.add(key)
    const expiration = { type: 'PXAT', value: FAR_AHEAD_MS + clock.now() + options.expiration.value }
    return [method, [key, value, { ...options, expiration }]]
  }
  if (method === 'call') return [method, sentInTimeOf(clock, args as string[], names)]
  if (method === 'customCommand') return [method, [sentInTimeOf(clock, args[0] as string[], names)]]
  return [method, args]
}

/** The same of a command as it is sent. */
function sentInTimeOf(clock: Clock, command: readonly string[], names: Set<string>): readonly string[] {
  const [name, first, , key] = command as [string, string, string, string]
  if (name === 'EVALSHA') {
    const text = clockedScript(first)
    if (text === undefined) return command
    names.add(key)
    return ['EVAL', text, ...command.slice(2), String(clock.now())]
  }
  const px = command.indexOf('PX')
  if (name !== 'SET' || px < 0) return command
  names.add(first)
  const endsAt = FAR_AHEAD_MS + clock.now() + Number(command[px + 1])
  return [...command.slice(0, px), 'PXAT', String(endsAt)]
}
