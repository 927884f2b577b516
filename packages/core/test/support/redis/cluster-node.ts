import { Redis } from 'ioredis'
import type { RedisProgram } from './redis-process.ts'
import { type RedisServer, redisServer } from './server.ts'
import { stablePort } from './stable-port.ts'

/** A server of a cluster, with the id that the others know it by, and a connection of its own for what tests do with it. */
export interface ClusterNode {
  readonly server: RedisServer
  readonly id: string
  readonly busPort: number
  /** Sends a command to this server, without following where it points. */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>
  stop(): Promise<void>
}

export interface ClusterNodeOptions {
  readonly program: RedisProgram
  readonly appendonly: boolean
  readonly nodeTimeoutMs: number
  readonly more: readonly string[]
}

/** Starts a server that belongs to no cluster yet. */
export async function clusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const { program, appendonly, nodeTimeoutMs } = options
  const busPort = await stablePort()
  const more = [
    'cluster-enabled yes',
    `cluster-port ${busPort}`,
    `cluster-node-timeout ${nodeTimeoutMs}`,
    'cluster-replica-validity-factor 0',
    ...options.more,
  ]
  const server = await redisServer({ program, appendonly, more })
  // Without the offline queue, commands to a server that is away fail at once.
  const admin = new Redis(server.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: () => 20,
  })
  admin.on('error', () => {})
  const stop = async () => {
    admin.disconnect()
    await server.stop()
  }
  try {
    await admin.connect()
    const id = String(await admin.call('CLUSTER', 'MYID'))
    const call: ClusterNode['call'] = (command, ...args) => admin.call(command, ...args)
    return { server, id, busPort, call, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
