import { expect, it } from 'vitest'
import { describeRedis } from './describe-redis.ts'
import { tcpFaultProxy } from './fault-proxy.ts'
import { redisServer } from './server.ts'
import { connectedClients, openSingle } from './single-clients.ts'
import { until } from './until.ts'

describeRedis('clients of one server', (program) => {
  it('of every kind write and read', async () => {
    await using server = await redisServer({ program })
    await using clients = await connectedClients(server.url)
    expect([...clients.all.keys()]).toEqual([
      'ioredis',
      'iovalkey',
      'node-redis',
      'node-redis pool',
      'valkey-glide',
    ])
    for (const [kind, { send }] of clients.all) {
      await send('SET', kind, 'was here')
      expect(await send('GET', kind), kind).toBe('was here')
    }
    expect(await server.cli('DBSIZE')).toBe('5')
  })

  it('connect with a password and by TLS', async () => {
    await using server = await redisServer({ program, requirepass: 'secret', tls: true })
    await using clients = await connectedClients(server)
    for (const [kind, { send }] of clients.all) expect(await send('EXISTS', 'key'), kind).toBe(0)
  })

  it('find their way back when the server is killed behind a proxy, or cut off', {
    timeout: 30_000,
  }, async () => {
    await using server = await redisServer({ program, appendonly: true })
    await using proxy = await tcpFaultProxy(server.port)
    await using clients = await connectedClients(`redis://127.0.0.1:${proxy.port}`)
    await server.cli('SET', 'key', 'value')
    await server.kill()
    await server.restart()
    proxy.cut()
    for (const [kind, { send }] of clients.all)
      await until(kind, async () => (await send('GET', 'key')) === 'value')
  })

  it('leave no connection behind', async () => {
    await using server = await redisServer({ program })
    for (const kind of ['ioredis', 'iovalkey', 'node-redis', 'node-redis pool'] as const) {
      await using proxy = await tcpFaultProxy(server.port)
      {
        await using _ = await openSingle[kind]({ url: `redis://127.0.0.1:${proxy.port}` })
        expect(proxy.connections.length, kind).toBeGreaterThan(0)
      }
      // valkey-glide takes three seconds for this.
      await until(`${kind} is closed`, () => proxy.connections.length === 0)
    }
  })
})
