import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeRedis } from './describe-redis.ts'
import { redisServer } from './server.ts'
import { until } from './until.ts'

describeRedis('a real server', (program) => {
  it('has its data after a kill with appendonly, and not without', async () => {
    for (const [appendonly, found] of [
      [true, 'kept'],
      [false, ''],
    ] as const) {
      await using server = await redisServer({ program, appendonly })
      const { pid, port } = server
      await server.cli('SET', 'key', 'kept')
      await server.kill()
      expect(server.isRunning).toBe(false)
      await server.restart()
      expect(server.pid).not.toBe(pid)
      expect(server.port).toBe(port)
      expect(await server.cli('GET', 'key')).toBe(found)
    }
  })

  it('writes its snapshot at a graceful restart and not at a kill', async () => {
    await using server = await redisServer({ program, save: '3600 1' })
    await server.cli('SET', 'key', 'snapshot')
    await server.restart()
    await server.cli('SET', 'key', 'lost')
    await server.kill()
    await server.restart()
    expect(await server.cli('GET', 'key')).toBe('snapshot')
  })

  it('is silent while paused, and answers what came meanwhile', async () => {
    await using server = await redisServer({ program })
    await using other = await redisServer({ program })
    await server.pause()
    let isAnswered = false
    const answer = server.cli('PING').finally(() => (isAnswered = true))
    // Three whole answers of the other one are time enough for one of this one.
    for (const _ of [1, 2, 3]) await other.cli('PING')
    expect(isAnswered).toBe(false)
    server.resume()
    expect(await answer).toBe('PONG')
  })

  it('asks for a password, and lets users do what their rules say', async () => {
    const users = ['gateway on >pw ~limpet:* +get']
    await using server = await redisServer({ program, requirepass: 'secret', users })
    expect(server.url).toBe(`redis://:secret@127.0.0.1:${server.port}`)
    expect(await server.cli('SET', 'limpet:a', '1')).toBe('OK')
    expect(await server.cli('ACL', 'DRYRUN', 'gateway', 'GET', 'limpet:a')).toBe('OK')
    expect(await server.cli('ACL', 'DRYRUN', 'gateway', 'GET', 'other')).toMatch(/no permissions/i)
    await expect(server.cli('AUTH', 'default', 'wrong')).rejects.toThrow('WRONGPASS')
  })

  it('speaks TLS', async () => {
    await using server = await redisServer({ program, tls: true })
    expect(server.url).toMatch(/^rediss:/)
    expect(await server.cli('PING')).toBe('PONG')
  })

  it('refuses what does not fit into its memory, and evicts if told', async () => {
    const big = 'x'.repeat(100_000)
    await using strict = await redisServer({ program, maxmemory: '1kb' })
    await expect(strict.cli('SET', 'big', big)).rejects.toThrow('OOM')
    await using evicting = await redisServer({ program, maxmemory: '2mb', policy: 'allkeys-lru' })
    for (let key = 0; key < 20; key++) await evicting.cli('SET', `${key}`, big)
    expect(Number(await evicting.cli('DBSIZE'))).toBeLessThan(20)
  })

  it('copies another one, which it refuses to write', async () => {
    await using server = await redisServer({ program, requirepass: 'secret' })
    await using replica = await redisServer({ program, requirepass: 'secret', replicaOf: server.port })
    await server.cli('SET', 'key', 'copied')
    await until('it is copied', async () => (await replica.cli('GET', 'key')) === 'copied')
    await expect(replica.cli('SET', 'key', 'x')).rejects.toThrow('READONLY')
  })

  it('leaves no process and no folder behind, also when it is paused or does not start', async () => {
    const server = await redisServer({ program })
    await server.pause()
    await server.stop()
    expect(existsSync(server.folder)).toBe(false)
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
    await server.stop()
    await expect(redisServer({ program, more: ['no-such-option 1'] })).rejects.toThrow('no-such-option')
  })
})
