import { GlideClusterClient, Logger } from '@valkey/valkey-glide'
import { Cluster } from 'ioredis'
import { Cluster as IovalkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { type OpenClients, openAll, openByCall, openClient, quiet } from './open-client.ts'

// Each ASK and MOVED would be a warning in the output of the tests.
Logger.setLoggerConfig('off')

/** The kinds of clients that talk to a cluster. */
export type ClusterClientKind = 'ioredis' | 'iovalkey' | 'node-redis' | 'valkey-glide'

/** Where to find some servers of a cluster. */
export interface ClusterAddresses {
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
}

/** One client of each kind, connected to a cluster. */
export function clusterClients({ addresses }: ClusterAddresses): Promise<OpenClients<ClusterClientKind>> {
  const roots = [...addresses]
  const options = { lazyConnect: true, clusterRetryStrategy: () => 50 }
  return openAll({
    ioredis: () => openByCall(new Cluster(roots, options)),
    iovalkey: () => openByCall(new IovalkeyCluster(roots, options)),
    async 'node-redis'() {
      const rootNodes = roots.map(({ host, port }) => ({ url: `redis://${host}:${port}` }))
      const client = quiet(createCluster({ rootNodes }))
      await client.connect()
      return openClient(
        client,
        (command, key, ...args) => client.sendCommand(key, false, [command, key, ...args]),
        () => client.destroy(),
      )
    },
    async 'valkey-glide'() {
      const client = await GlideClusterClient.createClient({ addresses: roots })
      return openClient(
        client,
        (...command) => client.customCommand(command),
        () => client.close(),
      )
    },
  })
}
