import { Redis } from 'ioredis'
import { Redis as IovalkeyRedis } from 'iovalkey'
import { createSentinel } from 'redis'
import { type OpenClients, openAll, openByCall, openClient, quiet } from './open-client.ts'

/** The kinds of clients that ask sentinels for the master; valkey-glide cannot. */
export type SentinelClientKind = 'ioredis' | 'iovalkey' | 'node-redis'

/** Where the sentinels are, and the name of what they watch. */
export interface Watched {
  readonly name: string
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
}

/** One client of each kind, connected to the present master. */
export function sentinelClients({ name, addresses }: Watched): Promise<OpenClients<SentinelClientKind>> {
  const sentinels = [...addresses]
  const options = { sentinels, name, lazyConnect: true, sentinelRetryStrategy: () => 20 }
  return openAll({
    ioredis: () => openByCall(new Redis(options)),
    iovalkey: () => openByCall(new IovalkeyRedis(options)),
    async 'node-redis'() {
      const client = quiet(createSentinel({ name, sentinelRootNodes: sentinels }))
      await client.connect()
      return openClient(
        client,
        (...command) => client.sendCommand(false, command),
        () => void client.destroy(),
      )
    },
  })
}
