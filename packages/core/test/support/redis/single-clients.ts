import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Redis } from 'ioredis'
import { Redis as IovalkeyRedis } from 'iovalkey'
import { createClient, createClientPool } from 'redis'
import {
  type OpenClient,
  type OpenClients,
  openAll,
  openByCall,
  openClient,
  quiet,
  type Reachable,
} from './open-client.ts'

// Each lost connection would be a warning in the output of the tests.
Logger.setLoggerConfig('off')

/** The kinds of clients that talk to one server. */
export type ClientKind = 'ioredis' | 'iovalkey' | 'node-redis' | 'node-redis pool' | 'valkey-glide'

/** Opens a client of one kind: rejects if it cannot reach the server. */
export const openSingle: Readonly<Record<ClientKind, (target: Reachable) => Promise<OpenClient>>> = {
  ioredis: ({ url, ca }) => openByCall(new Redis(url, { lazyConnect: true, ...(ca && { tls: { ca } }) })),
  iovalkey: ({ url, ca }) =>
    openByCall(new IovalkeyRedis(url, { lazyConnect: true, ...(ca && { tls: { ca } }) })),
  async 'node-redis'({ url, ca }) {
    const client = quiet(createClient({ url, ...trusting(ca) }))
    await client.connect()
    return openClient(
      client,
      (...command) => client.sendCommand(command),
      () => client.destroy(),
    )
  },
  async 'node-redis pool'({ url, ca }) {
    const client = quiet(createClientPool({ url, ...trusting(ca) }))
    await client.connect()
    return openClient(
      client,
      (...command) => client.sendCommand(command),
      () => client.destroy(),
    )
  },
  async 'valkey-glide'({ url, ca }) {
    const { hostname, port, password } = new URL(url)
    const client = await GlideClient.createClient({
      addresses: [{ host: hostname, port: Number(port) }],
      // The table's own time-out is to count: the client's default is shorter than a busy machine needs for a crowd of scripts.
      requestTimeout: 5_000,
      ...(password && { credentials: { password } }),
      ...(ca && {
        useTLS: true,
        advancedConfiguration: { tlsAdvancedConfiguration: { rootCertificates: ca } },
      }),
    })
    return openClient(
      client,
      (...command) => client.customCommand(command),
      () => client.close(),
    )
  },
}

/** One client of each kind, connected to a server or to a proxy in front of it. */
export function connectedClients(target: Reachable | string): Promise<OpenClients<ClientKind>> {
  const reachable = typeof target === 'string' ? { url: target } : target
  const kinds = Object.entries(openSingle).map(([kind, open]) => [kind, () => open(reachable)])
  return openAll(Object.fromEntries(kinds) as Record<ClientKind, () => Promise<OpenClient>>)
}

const trusting = (ca: string | undefined) => (ca ? { socket: { tls: true as const, ca } } : {})
