import { expect, it, vi } from 'vitest'
import { describeRedis } from '../../../packages/core/test/support/redis/describe-redis.ts'
import { type RedisServer, redisServer } from '../../../packages/core/test/support/redis/server.ts'
import { Cluster, podOf, type RunningGateway } from './cluster.ts'

vi.setConfig({ testTimeout: 60_000 })

const KEYS = Array.from({ length: 30 }, (_, index) => `key-${index}`)

describeRedis('gateways with a common table', (program) => {
  it('send a key where another one has bound it', async () => {
    await using server = await redisServer({ program })
    await using cluster = await Cluster.start()
    await cluster.startPod('web-0')
    const [one, other] = await gateways(cluster, server.url)
    await bindAll(one, server)

    await cluster.startPod('web-1')
    await expect.poll(() => podOf(other, `fresh ${performance.now()}`), { timeout: 20_000 }).toBe('web-1')
    // On a machine that is busy Redis may answer too late for a request; the next one then finds the binding.
    for (const key of KEYS) await expect.poll(() => podOf(other, key), { timeout: 20_000 }).toBe('web-0')
  })

  it('answer the hook of a pod for each other', async () => {
    await using server = await redisServer({ program })
    await using cluster = await Cluster.start()
    await cluster.startPod('web-0')
    const [one, other] = await gateways(cluster, server.url, { DRAIN_SECONDS: '5' })
    await bindAll(one, server)
    const drain = await fetch(`${other.adminUrl}/-/drain?identity=web-0`)
    expect(await drain.json()).toMatchObject({ code: 'deadline' })
  })

  it('serve without it, and agree by the hash', async () => {
    await using cluster = await Cluster.start()
    for (const name of ['web-0', 'web-1', 'web-2']) await cluster.startPod(name)
    // Nobody listens on port 1.
    const [one, other] = await gateways(cluster, 'redis://127.0.0.1:1', { READINESS_DELAY_SECONDS: '0' })
    for (const key of KEYS) expect(await podOf(one, key)).toBe(await podOf(other, key))
    expect(one.program.output.match(/valkey: /g)).toHaveLength(1)
    one.program.process.kill('SIGTERM')
    expect(await one.program.exit).toEqual([0, null])
  })
})

/** Asks with every key until each is bound in the table. */
async function bindAll(gateway: RunningGateway, server: RedisServer): Promise<void> {
  const bound = async () => {
    for (const key of KEYS) await podOf(gateway, key)
    // One name is that of the replicas' agreement, under which no key lies.
    return Number(await server.cli('DBSIZE')) - 1
  }
  await expect.poll(bound, { timeout: 20_000 }).toBe(KEYS.length)
}

async function gateways(
  cluster: Cluster,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<[RunningGateway, RunningGateway]> {
  const settings = { ...env, VALKEY_URL: url }
  return [await cluster.startGateway(settings), await cluster.startGateway(settings)]
}
