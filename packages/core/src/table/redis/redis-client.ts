import { invalidOption } from '../../option.ts'

/** ioredis and iovalkey: `Redis` and `Cluster`. @public */
export interface CallClient {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** node-redis: client, pool, cluster and sentinel. @public */
export interface EvalShaClient {
  get(key: string): Promise<unknown>
  set(
    key: string,
    value: string,
    options: { condition: 'NX'; GET: true; expiration: { type: 'PX'; value: number } },
  ): Promise<unknown>
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** valkey-glide: `GlideClient` and `GlideClusterClient`. @public */
export interface CustomCommandClient {
  customCommand(args: string[]): Promise<unknown>
}

/**
 * The client of a Redis or Valkey that the user runs and connects, by what it can do and not by its class. It stays the user's: nothing
 * here connects or closes it.
 *
 * @public
 */
export type RedisClient = CallClient | EvalShaClient | CustomCommandClient

/** A script, and the SHA-1 by which a server that has seen it knows it. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/** The commands that a table needs, each for keys of one slot, so that they work on a Cluster. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  /** `SET key value NX GET PX lifeMs`: the value that stood before, or null if this one was set. */
  setIfAbsent(key: string, value: string, lifeMs: number): Promise<unknown>
  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  eval(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
}

/**
 * The commands of a client.
 *
 * @throws StickyError `invalid-option` for an object that is no such client
 */
export function commandsOf(path: string, client: RedisClient): RedisCommands {
  refuseKeyPrefix(path, client)
  if (hasMethods(client, ['call'])) return byCall(client as CallClient)
  if (hasMethods(client, ['get', 'set', 'evalSha', 'eval'])) return byMethods(client as EvalShaClient)
  if (hasMethods(client, ['customCommand'])) return byCustomCommand(client as CustomCommandClient)
  throw invalidOption(path, 'a client of ioredis, iovalkey, node-redis or valkey-glide', client)
}

/**
 * ioredis and iovalkey can put a prefix of their own before the names of keys, but not before those in SCAN, in channels and in what a server tells
 * of: a table would find none of its keys, and take each endpoint for unbound.
 *
 * @throws StickyError `invalid-option` for a client that does
 */
export function refuseKeyPrefix(path: string, client: object): void {
  const { options } = Object(client) as {
    readonly options?: {
      readonly keyPrefix?: unknown
      readonly redisOptions?: { readonly keyPrefix?: unknown }
    }
  }
  const keyPrefix = options?.keyPrefix || options?.redisOptions?.keyPrefix
  if (!keyPrefix) return
  throw invalidOption(path, 'a client without "keyPrefix" (the option "prefix" is for that)', keyPrefix)
}

function hasMethods(client: unknown, names: readonly string[]): boolean {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return false
  return names.every((name) => typeof (client as Record<string, unknown>)[name] === 'function')
}

function byCall(client: CallClient): RedisCommands {
  return {
    get: (key) => client.call('GET', key),
    setIfAbsent: (key, value, lifeMs) => client.call('SET', key, value, 'NX', 'GET', 'PX', String(lifeMs)),
    evalSha: (sha, keys, args) => client.call('EVALSHA', sha, String(keys.length), ...keys, ...args),
    eval: (text, keys, args) => client.call('EVAL', text, String(keys.length), ...keys, ...args),
  }
}

function byMethods(client: EvalShaClient): RedisCommands {
  return {
    get: (key) => client.get(key),
    setIfAbsent: (key, value, lifeMs) =>
      client.set(key, value, { condition: 'NX', GET: true, expiration: { type: 'PX', value: lifeMs } }),
    evalSha: (sha, keys, args) => client.evalSha(sha, { keys: [...keys], arguments: [...args] }),
    eval: (text, keys, args) => client.eval(text, { keys: [...keys], arguments: [...args] }),
  }
}

function byCustomCommand(client: CustomCommandClient): RedisCommands {
  return {
    get: (key) => client.customCommand(['GET', key]),
    setIfAbsent: (key, value, lifeMs) =>
      client.customCommand(['SET', key, value, 'NX', 'GET', 'PX', String(lifeMs)]),
    evalSha: (sha, keys, args) =>
      client.customCommand(['EVALSHA', sha, String(keys.length), ...keys, ...args]),
    eval: (text, keys, args) => client.customCommand(['EVAL', text, String(keys.length), ...keys, ...args]),
  }
}
