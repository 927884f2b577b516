import type { GlideClient, GlideClusterClient } from '@valkey/valkey-glide'
import type { Cluster, Redis } from 'ioredis'
import type { Cluster as IovalkeyCluster, Redis as IovalkeyRedis } from 'iovalkey'
import type { createClient, createClientPool, createCluster, createSentinel } from 'redis'

/** The modules, functions and scripts of a client that was given none. */
type None = Record<never, never>

/** What users pass in: a client of any of the libraries. */
export type AnyClient =
  | Redis
  | Cluster
  | IovalkeyRedis
  | IovalkeyCluster
  | ReturnType<typeof createClient<None, None, None>>
  | ReturnType<typeof createClientPool<None, None, None>>
  | ReturnType<typeof createSentinel<None, None, None>>
  | ReturnType<typeof createCluster<None, None, None>>
  | GlideClient
  | GlideClusterClient

/** A client that is connected. `await using` closes it. */
export interface OpenClient<C extends AnyClient = AnyClient> extends AsyncDisposable {
  readonly client: C
  /** Sends a command whose first argument is its key, in the client's own way of sending any command. */
  send(command: string, key: string, ...args: string[]): Promise<unknown>
  /** Closes it without waiting for the server. */
  close(): void
}

export function openClient<C extends AnyClient>(
  client: C,
  send: OpenClient['send'],
  close: () => void,
): OpenClient<C> {
  return { client, send, close, [Symbol.asyncDispose]: async () => close() }
}

/** What the clients of ioredis and iovalkey have in common. */
interface CallClient {
  connect(): Promise<void>
  call(command: string, ...args: string[]): Promise<unknown>
  disconnect(): void
  on(event: 'error', listener: () => void): unknown
}

/** Connects a client of ioredis or iovalkey that was made with `lazyConnect`. */
export async function openByCall<C extends AnyClient & CallClient>(client: C): Promise<OpenClient<C>> {
  await quiet(client).connect()
  return openClient(
    client,
    (...command) => client.call(...command),
    () => client.disconnect(),
  )
}

/** One client of each kind. `await using` closes them. */
export type OpenClients<Kind extends string> = AsyncDisposable & {
  readonly all: ReadonlyMap<Kind, OpenClient>
}

/** Opens one of each kind; if one cannot be opened, closes the others and throws. */
export async function openAll<Kind extends string>(
  kinds: Readonly<Record<Kind, () => Promise<OpenClient>>>,
): Promise<OpenClients<Kind>> {
  const names = Object.keys(kinds) as Kind[]
  const outcomes = await Promise.allSettled(names.map((kind) => kinds[kind]()))
  const all = new Map<Kind, OpenClient>()
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'fulfilled') all.set(names[index] as Kind, outcome.value)
  })
  const close = () => {
    for (const client of all.values()) client.close()
  }
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    close()
    throw failed.reason
  }
  return { all, [Symbol.asyncDispose]: async () => close() }
}

/** Clients tell of lost connections by events that end the process, or are printed, if nobody listens. */
export function quiet<C extends { on(event: 'error', listener: () => void): unknown }>(client: C): C {
  client.on('error', () => {})
  return client
}

/** Where a server is: its URL, with the password if there is one, and the certificate to trust in case of TLS. */
export interface Reachable {
  readonly url: string
  readonly ca?: string | undefined
}
