import { once } from 'node:events'
import { createServer } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { fakeDiscovery } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { type ServeOptions, serve } from '../../src/index.ts'
import { requestUpgrade } from '../../src/testing/upgrade-client.ts'
import { GET, gatewayScene, later, rawClient } from './scene.ts'

const pool = () => {
  const made = createSticky({ key: header('x'), endpoints: ['http://127.0.0.1:9'] })
  later(() => made.close())
  return made
}

/** A port that somebody else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  later(() => server.close())
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

describe('serve()', () => {
  it('forwards requests and upgrades, and says where it listens', async () => {
    const { gateway } = await gatewayScene()
    expect(gateway).toMatchObject({ address: '127.0.0.1', state: 'serving', admin: undefined })
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}`)
    expect(await (await fetch(gateway.url)).text()).toBe('ok')
    const upgrade = await requestUpgrade(gateway.port, '/', {})
    expect(upgrade.kind).toBe('upgraded')
  })

  it('takes an upgrade to h2c for the request that it is, with its body', async () => {
    const { gateway, pod } = await gatewayScene()
    const client = await rawClient(gateway.port)
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
    client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 3\r\n\r\nabc`)
    await client.received('\r\n\r\nok')
    expect(client.text).toContain('HTTP/1.1 200 OK')
    expect(pod.requests).toBe(1)
  })

  it('gives its options to forward()', async () => {
    const { gateway, pod } = await gatewayScene({ forward: { path: () => '/changed' } })
    expect((await fetch(gateway.url)).status).toBe(200)
    expect(pod.requests).toBe(1)
    const bad = serve(pool(), { port: 0, forward: { maxHeadBytes: 1 } })
    await expect(bad).rejects.toMatchObject({ message: expect.stringContaining('forward.maxHeadBytes') })
  })

  it.each<[string, ServeOptions]>([
    ['serve.port', { port: 65_536 }],
    ['serve.host', { host: '' }],
    ['serve.tls', { tls: { cert: 'no', key: 'no' } }],
    ['serve.tls', { tls: 'no' as never }],
    ['serve.http2', { http2: true }],
    ['serve.http2', { http2: 1 as never }],
    ['serve.forward', { forward: 1 as never }],
    ['serve.admin', { admin: 1 as never }],
    ['serve.admin.port', { admin: {} as never }],
    ['serve.admin.host', { admin: { port: 0, host: 1 as never } }],
    ['serve.admin.readyPath', { admin: { port: 0, readyPath: 'ready' } }],
    ['serve.admin.livePath', { admin: { port: 0, livePath: '/live/' } }],
    ['serve.admin.drainPath', { admin: { port: 0, drainPath: '/a?b' } }],
    ['serve.admin.drain', { admin: { port: 0, drain: 'yes' as never } }],
    ['drainWait.maxWaitMs', { admin: { port: 0, drain: { maxWaitMs: -1 } } }],
    ['serve.admin.isReady', { admin: { port: 0, isReady: true as never } }],
    ['serve.signals', { signals: ['TERM' as never] }],
    ['serve.signals', { signals: true as never }],
    ['serve.readinessDelayMs', { readinessDelayMs: Number.POSITIVE_INFINITY }],
    ['serve.graceMs', { graceMs: -1 }],
    ['serve.closeRouting', { closeRouting: 'yes' as never }],
    ['serve.clock', { clock: {} as never }],
    ['serve.limits', { limits: [] as never }],
    ['serve.limits.headTimeoutMs', { limits: { headTimeoutMs: 0 } }],
    ['serve.limits.requestTimeoutMs', { limits: { headTimeoutMs: 1_000, requestTimeoutMs: 999 } }],
    ['serve.limits.keepAliveMs', { limits: { keepAliveMs: 'long' as never } }],
    ['serve.limits.maxHeadBytes', { limits: { maxHeadBytes: 1 } }],
    ['serve.limits.maxConnections', { limits: { maxConnections: 0 } }],
    ['serve.limits.maxStreamsPerConnection', { limits: { maxStreamsPerConnection: 0 } }],
    ['serve.prot', { prot: 1 } as never],
  ])('rejects with the name of a bad option: %s', async (name, options) => {
    await expect(serve(pool(), { port: 0, signals: false, ...options })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(`"${name}`),
    })
  })

  it('rejects when its port is taken, naming the option, and leaves nothing open', async () => {
    const port = await takenPort()
    const admin = await takenPort()
    const listeners = process.listenerCount('SIGTERM')
    const failed = serve(pool(), { port, host: '127.0.0.1', admin: { port: 0 } })
    await expect(failed).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on port ${port} of 127.0.0.1 (option "serve.port"): the port is taken`,
    })
    const failedAdmin = serve(pool(), { port: 0, admin: { port: admin, host: '127.0.0.1' } })
    await expect(failedAdmin).rejects.toMatchObject({ message: expect.stringContaining('serve.admin.port') })
    expect(process.listenerCount('SIGTERM')).toBe(listeners)
    const servers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length
    await expect.poll(servers, { timeout: 4_000 }).toBe(2)
  })

  it('closes the connections above its number', async () => {
    const { gateway } = await gatewayScene({ limits: { maxConnections: 1 } })
    const first = await rawClient(gateway.port)
    first.socket.write(GET)
    await first.received('ok')
    const second = await rawClient(gateway.port)
    await second.closed
    expect(second.text).toBe('')
  })

  it('forwards every header, however many', async () => {
    const seen = Promise.withResolvers<unknown>()
    const { gateway } = await gatewayScene({
      limits: { maxHeadBytes: 65_536 },
      forward: { onRequestHead: ({ headers }) => seen.resolve(headers.get('last')) },
    })
    const client = await rawClient(gateway.port)
    client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(3_000)}Last: here\r\n\r\n`)
    expect(await seen.promise).toBe('here')
  })
})

describe('the admin port of serve()', () => {
  const asked = async (url: string | undefined, path: string) => {
    const answer = await fetch(`${url}${path}`)
    return [answer.status, ((await answer.json()) as { code: string }).code]
  }

  it('answers probes, and drains if it is told to', async () => {
    const { gateway } = await gatewayScene({ admin: { port: 0, host: '127.0.0.1', drain: true } })
    const { admin } = gateway
    expect(admin?.port).not.toBe(gateway.port)
    expect(await asked(admin?.url, '/-/ready?verbose')).toEqual([200, 'ready'])
    expect(await asked(admin?.url, '/-/live')).toEqual([200, 'live'])
    expect(await (await fetch(`${gateway.url}/-/ready`)).text()).toBe('ok')
    expect(await asked(admin?.url, '/-/drain?identity=none')).toEqual([404, 'unknown-identity'])
    expect(await asked(admin?.url, '/-/drain/p')).toEqual([200, 'drained'])
    expect(await asked(admin?.url, '/-/drained')).toEqual([404, 'not-found'])
  })

  it('answers at the paths that it is given, and at none that is off', async () => {
    const { gateway } = await gatewayScene({
      admin: { port: 0, host: '127.0.0.1', readyPath: '/readyz', livePath: false },
    })
    expect(await asked(gateway.admin?.url, '/readyz')).toEqual([200, 'ready'])
    for (const path of ['/-/ready', '/-/live', '/-/drain/p', '/']) {
      expect(await asked(gateway.admin?.url, path)).toEqual([404, 'not-found'])
    }
  })

  it('is not ready before the pool knows endpoints, nor while its own condition is not met', async () => {
    const discovery = fakeDiscovery()
    const late = createSticky({ key: header('x'), endpoints: discovery })
    later(() => late.close())
    let says: () => boolean = () => false
    const gateway = await serve(late, {
      port: 0,
      signals: false,
      admin: { port: 0, host: '127.0.0.1', isReady: () => says() },
    })
    later(() => gateway.close({ graceMs: 0 }))
    expect(await asked(gateway.admin?.url, '/-/ready')).toEqual([503, 'starting'])
    discovery.emit([])
    expect(await asked(gateway.admin?.url, '/-/ready')).toEqual([503, 'not-ready'])
    says = () => {
      throw new Error('broken')
    }
    expect(await asked(gateway.admin?.url, '/-/ready')).toEqual([503, 'not-ready'])
    says = () => true
    expect(await asked(gateway.admin?.url, '/-/ready')).toEqual([200, 'ready'])
  })

  it('refuses drains for a routing that has none', async () => {
    const routing = { route: () => undefined, close: async () => undefined } as never
    await expect(serve(routing, { port: 0, admin: { port: 0, drain: true } })).rejects.toMatchObject({
      message: expect.stringContaining('serve.admin.drain'),
    })
    const gateway = await serve(routing, { port: 0, signals: false, admin: { port: 0, host: '127.0.0.1' } })
    later(() => gateway.close({ graceMs: 0 }))
    expect(await asked(gateway.admin?.url, '/-/ready')).toEqual([200, 'ready'])
  })
})
