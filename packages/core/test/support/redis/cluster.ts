import { type ClusterNode, clusterNode } from './cluster-node.ts'
import type { RedisProgram } from './redis-process.ts'
import { reshardSlots } from './reshard.ts'
import { until } from './until.ts'

export interface RedisClusterOptions {
  readonly program?: RedisProgram
  /** Default: 3. */
  readonly masters?: number
  /** Of each master. Default: 0. */
  readonly replicas?: 0 | 1
  /** Whether servers keep their data over restarts. Default: false. */
  readonly appendonly?: boolean
  /** After how many milliseconds of silence a server is taken as down. Default: 1000. */
  readonly nodeTimeoutMs?: number
  /** More lines of each configuration file. */
  readonly more?: readonly string[]
}

/** A cluster of masters, each with its share of the slots. `await using` stops all. */
export interface RedisCluster extends AsyncDisposable {
  /** All of them: first the masters of the beginning, then the replica of each, in the same order. */
  readonly nodes: readonly ClusterNode[]
  /** Where clients find it. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** The number of the slot that a key is in. */
  slotOf(key: string): Promise<number>
  /** The server that has a slot now, as most of those that run say. */
  ownerOf(slot: number): Promise<ClusterNode>
  /** Slots that a server has now, lowest first. */
  slotsOf(node: ClusterNode): Promise<number[]>
  /**
   * Moves these slots, or so many of the first ones of `from`, with their keys, while clients go on: they meet ASK during it and
   * MOVED afterwards. Gives the number of keys moved.
   */
  reshard(
    from: ClusterNode,
    to: ClusterNode,
    slots: number | readonly number[],
    whileAsking?: (slot: number) => Promise<void>,
  ): Promise<number>
  /** Kills the master of this number of the beginning; if it has a replica, waits until that has its slots, and gives it. */
  killMaster(index: number): Promise<ClusterNode | undefined>
  /** Waits until every server that runs says that all slots are served. */
  settled(): Promise<void>
  stop(): Promise<void>
}

const SLOTS = 16_384

/** Starts the servers, makes them one cluster, and waits until all of them serve. */
export async function redisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { program = 'redis-server', masters: count = 3, replicas = 0, appendonly = false } = options
  const { nodeTimeoutMs = 1000, more = [] } = options
  const starting = Array.from({ length: count * (1 + replicas) }, () =>
    clusterNode({ program, appendonly, nodeTimeoutMs, more }),
  )
  const outcomes = await Promise.allSettled(starting)
  const nodes = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value)
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    await Promise.all(starting)
    const masters = nodes.slice(0, count)
    await join(nodes, masters)
    await follow(masters, nodes.slice(count))
    const cluster = clusterOf(nodes, masters, stop)
    await cluster.settled()
    return cluster
  } catch (error) {
    await stop()
    throw error
  }
}

/** Gives each master its share of the slots, and makes all known to each other. */
async function join(nodes: readonly ClusterNode[], masters: readonly ClusterNode[]): Promise<void> {
  const share = SLOTS / masters.length
  await Promise.all(
    masters.map(async (node, index) => {
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
      const [first, last] = [Math.round(index * share), Math.round((index + 1) * share) - 1]
      await node.call('CLUSTER', 'ADDSLOTSRANGE', first, last)
    }),
  )
  // Each with each: they would hear of one another, but only after seconds.
  for (const [index, node] of nodes.entries())
    for (const { server, busPort } of nodes.slice(index + 1))
      await node.call('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort)
  await until('all know each other', async () => {
    const known = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'NODES')))
    return known.every(
      (text) => nodes.every(({ id }) => String(text).includes(id)) && !/handshake/.test(`${text}`),
    )
  })
}

async function follow(masters: readonly ClusterNode[], replicas: readonly ClusterNode[]): Promise<void> {
  await Promise.all(
    replicas.map((replica, index) => replica.call('CLUSTER', 'REPLICATE', masters[index]?.id as string)),
  )
  await until('replicas are in contact with their masters', async () => {
    const roles = (await Promise.all(replicas.map((replica) => replica.call('ROLE')))) as unknown[][]
    return roles.every(([role, , , state]) => role === 'slave' && state === 'connected')
  })
}

function clusterOf(
  nodes: readonly ClusterNode[],
  masters: readonly ClusterNode[],
  stop: () => Promise<void>,
): RedisCluster {
  const running = () => nodes.filter(({ server }) => server.isRunning)
  /** Who has which slots, in the words of one server. */
  const rangesAt = async (node: ClusterNode) =>
    (await node.call('CLUSTER', 'SLOTS')) as [first: number, last: number, owner: [string, number, string]][]
  const ownerOf = (slot: number) =>
    until(`most agree who has slot ${slot}`, async () => {
      const votes = await Promise.all(
        running().map(async (node) => {
          const ranges = await rangesAt(node).catch(() => [])
          return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][2]
        }),
      )
      return nodes.find(({ id }) => votes.filter((vote) => vote === id).length * 2 > votes.length)
    })
  const slotsOf = async (node: ClusterNode) =>
    (await rangesAt(node))
      .filter(([, , [, , id]]) => id === node.id)
      .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
      .sort((a, b) => a - b)
  const settled = async () => {
    await until('all slots are served', async () => {
      const states = await Promise.all(running().map((node) => node.call('CLUSTER', 'INFO')))
      return states.every((text) => /cluster_state:ok/.test(`${text}`))
    })
  }
  return {
    nodes,
    addresses: nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })),
    slotOf: async (key) => Number(await running()[0]?.call('CLUSTER', 'KEYSLOT', key)),
    ownerOf,
    slotsOf,
    async reshard(from, to, slots, whileAsking) {
      const moving = typeof slots === 'number' ? (await slotsOf(from)).slice(0, slots) : slots
      const roles = await Promise.all(running().map(async (node) => [node, await node.call('ROLE')] as const))
      const current = roles.filter(([, role]) => (role as string[])[0] === 'master').map(([node]) => node)
      return reshardSlots({ from, to, slots: moving, masters: current, whileAsking })
    },
    async killMaster(index) {
      const [master, replica] = [masters[index], nodes[masters.length + index]]
      if (!master) throw new Error(`there is no master ${index}`)
      const [slot] = await slotsOf(master)
      await master.server.kill()
      if (!replica || slot === undefined) return undefined
      await until('the replica has the slots', async () => (await ownerOf(slot)) === replica)
      await settled()
      return replica
    },
    settled,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
