import { expect, it } from 'vitest'
import { type RedisCluster, redisCluster } from './cluster.ts'
import { clusterClients } from './cluster-clients.ts'
import type { ClusterNode } from './cluster-node.ts'
import { describeRedis } from './describe-redis.ts'
import { until } from './until.ts'

const TIMEOUT = 30_000

describeRedis('a cluster', (program) => {
  it.concurrent('moves slots while clients of every kind read and write their keys', {
    timeout: TIMEOUT,
  }, async () => {
    await using cluster = await redisCluster({ program })
    await using clients = await clusterClients(cluster)
    const [from, to] = twoOf(cluster)
    const key = 'moved'
    const slot = await cluster.slotOf(key)
    const before = await cluster.ownerOf(slot)
    const after = before === from ? to : from
    for (const [kind, { send }] of clients.all) await send('SET', `{${key}}${kind}`, 'old')
    const answers: unknown[] = []
    const moved = await cluster.reshard(before, after, [slot], async () => {
      for (const [kind, { send }] of clients.all) {
        const own = `{${key}}${kind}`
        await expect(before.call('GET', own)).rejects.toThrow(`ASK ${slot}`)
        answers.push(await send('GET', own))
        await send('SET', own, 'new')
      }
    })
    expect(moved).toBe(clients.all.size)
    expect(answers).toEqual(Array(clients.all.size).fill('old'))
    expect(await cluster.ownerOf(slot)).toBe(after)
    await expect(before.call('GET', key)).rejects.toThrow(`MOVED ${slot}`)
    for (const [kind, { send }] of clients.all) expect(await send('GET', `{${key}}${kind}`)).toBe('new')
  })

  it.concurrent('loses no key of the slots it moves under readers', { timeout: TIMEOUT }, async () => {
    await using cluster = await redisCluster({ program })
    await using clients = await clusterClients(cluster)
    const [from, to] = twoOf(cluster)
    const own = new Set(await cluster.slotsOf(from))
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
    const slots = new Map<string, number>()
    for (const key of keys) {
      const slot = await cluster.slotOf(key)
      if (own.has(slot) && slots.size < 40) slots.set(key, slot)
      await clients.all.get('ioredis')?.send('SET', key, key)
    }
    let isMoving = true
    const reading = [...clients.all].map(async ([kind, { send }]) => {
      for (let read = 0; isMoving || read < keys.length; read++) {
        const key = keys[read % keys.length] as string
        expect(await send('GET', key), kind).toBe(key)
      }
    })
    const moved = await cluster.reshard(from, to, [...new Set(slots.values())])
    isMoving = false
    await Promise.all(reading)
    expect(moved).toBeGreaterThanOrEqual(slots.size)
    for (const slot of slots.values()) expect(await cluster.ownerOf(slot)).toBe(to)
    const left = (await cluster.slotsOf(from)).length
    await cluster.reshard(from, to, 5)
    expect(await cluster.slotsOf(from)).toHaveLength(left - 5)
  })

  it.concurrent('promotes the replica of a master that is killed', { timeout: TIMEOUT }, async () => {
    await using cluster = await redisCluster({ program, replicas: 1 })
    await using clients = await clusterClients(cluster)
    const [first] = twoOf(cluster)
    const [slot] = await cluster.slotsOf(first)
    const promoted = await cluster.killMaster(0)
    expect(promoted).toBe(cluster.nodes[3])
    expect(await cluster.ownerOf(slot as number)).toBe(promoted)
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)
    for (const [kind, { send }] of clients.all)
      for (const key of keys)
        await until(`${kind} writes ${key}`, async () => (await send('SET', key, kind)) === 'OK')
    await first.server.restart()
    await until('it is a replica now', async () => {
      const [role] = (await first.call('ROLE')) as string[]
      return role === 'slave'
    })
  })
})

function twoOf({ nodes: [one, other] }: RedisCluster): [ClusterNode, ClusterNode] {
  if (!one || !other) throw new Error('too few servers')
  return [one, other]
}
