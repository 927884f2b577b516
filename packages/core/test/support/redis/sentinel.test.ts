import { expect, it } from 'vitest'
import { describeRedis } from './describe-redis.ts'
import { redisSentinel } from './sentinel.ts'
import { sentinelClients } from './sentinel-clients.ts'
import { until } from './until.ts'

const TIMEOUT = 30_000

describeRedis('sentinels', (program) => {
  it.concurrent.each(['kill', 'pause', 'command'] as const)(
    'promote a replica, and make the master one that comes back, after: %s',
    {
      timeout: TIMEOUT,
    },
    async (how) => {
      await using group = await redisSentinel({ program })
      const [first] = group.servers
      expect(await group.master()).toBe(first)
      await first?.cli('SET', 'key', 'copied')
      for (const replica of group.servers.slice(1))
        await until('it is copied', async () => (await replica.cli('GET', 'key')) === 'copied')
      const promoted = await group.failover(how)
      expect(group.servers.slice(1)).toContain(promoted)
      expect(await promoted.cli('GET', 'key')).toBe('copied')
      expect(await promoted.cli('SET', 'key', 'new')).toBe('OK')
      if (how === 'kill') await first?.restart()
      if (how === 'pause') first?.resume()
      await group.settled()
      await expect(first?.cli('SET', 'key', 'x')).rejects.toThrow('READONLY')
      await until('it has what was written since', async () => (await first?.cli('GET', 'key')) === 'new')
      expect(await group.master()).toBe(promoted)
    },
  )

  it.concurrent('lead clients of every kind to the new master', { timeout: TIMEOUT }, async () => {
    await using group = await redisSentinel({ program })
    await using clients = await sentinelClients(group)
    for (const [kind, { send }] of clients.all) await send('SET', kind, 'before')
    const promoted = await group.failover('kill')
    for (const [kind, { send }] of clients.all) {
      await until(`${kind} writes`, async () => (await send('SET', kind, 'after')) === 'OK')
      expect(await promoted.cli('GET', kind)).toBe('after')
    }
  })

  it.concurrent('stop with all their servers', async () => {
    const group = await redisSentinel({ program, replicas: 1, sentinels: 1 })
    await group.servers[0]?.pause()
    await group.stop()
    for (const { pid } of [...group.servers, ...group.sentinels])
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
