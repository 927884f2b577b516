import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../../core/test/support/self-signed.ts'
import { advanceUntil, CERTIFICATE, GET, gatewayScene, later, rawClient } from './scene.ts'

const TLS = { tls: CERTIFICATE }

function secure(port: number, options: ConnectionOptions = {}): TLSSocket {
  const ca = CERTIFICATE.cert
  return connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
}

describe.each([true, false])('serve() over TLS, with http2: %s', (http2) => {
  it('speaks what the client wants and it offers', async () => {
    const { gateway } = await gatewayScene({ ...TLS, http2 })
    expect(gateway.url).toBe(`https://127.0.0.1:${gateway.port}`)
    const both = secure(gateway.port, { ALPNProtocols: ['h2', 'http/1.1'] })
    later(() => both.destroy())
    await once(both, 'secureConnect')
    expect(both.alpnProtocol).toBe(http2 ? 'h2' : 'http/1.1')
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const client = await rawClient(0, secure(gateway.port, ALPNProtocols && { ALPNProtocols }))
      client.socket.write(GET)
      await client.received('ok')
    }
  })

  it('forwards upgrades', async () => {
    const { gateway } = await gatewayScene({ ...TLS, http2 })
    const client = await rawClient(0, secure(gateway.port, { ALPNProtocols: ['http/1.1'] }))
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    client.socket.write(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
    )
    await client.received('101 Switching Protocols')
    client.socket.write('echo this')
    await client.received('echo this')
  })

  it('ends kept connections and stopped handshakes, and lets requests end', async () => {
    const { clock, gateway, asked } = await gatewayScene({ ...TLS, http2 }, 'when-told')
    const client = await rawClient(0, secure(gateway.port))
    client.socket.write(GET)
    const held = await asked()
    const fresh = await rawClient(0, secure(gateway.port))
    const silent = await rawClient(0, connectTcp(gateway.port, '127.0.0.1'))
    const closed = gateway.close()
    clock.advance(5_000)
    held.end('late')
    await client.closed
    expect(client.text).toMatch(/Connection: close\r\n[\s\S]*late$/)
    expect(await advanceUntil(clock, closed, 5_000)).toBeLessThan(2_000)
    await Promise.all([fresh.closed, silent.closed])
  })

  it('cuts at the deadline', async () => {
    const { gateway, asked } = await gatewayScene({ ...TLS, http2 }, 'when-told')
    const client = await rawClient(0, secure(gateway.port))
    client.socket.write(GET)
    await asked()
    const silent = await rawClient(0, connectTcp(gateway.port, '127.0.0.1'))
    await gateway.close({ graceMs: 0 })
    await Promise.all([client.closed, silent.closed])
  })

  it('ends handshakes that take too long, and answers heads that do', async () => {
    const { gateway } = await gatewayScene({ ...TLS, http2, limits: { headTimeoutMs: 100 } })
    const silent = await rawClient(0, connectTcp(gateway.port, '127.0.0.1'))
    const unused = await rawClient(0, secure(gateway.port))
    const slow = await rawClient(0, secure(gateway.port))
    slow.socket.write('GET / HTTP/1.1\r\n')
    await Promise.all([silent.closed, unused.closed, slow.closed])
    expect([silent.text, unused.text]).toEqual(['', ''])
    expect(slow.text).toMatch(/^HTTP\/1.1 408 [\s\S]*"client-stalled"/)
  })
})

describe('reloadTls()', () => {
  const ask = (port: number, ca: string) =>
    new Promise<string>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', servername: 'localhost', ca, agent: false } as const
      httpsRequest(options, (response) => {
        response.setEncoding('utf8').on('data', resolve)
      })
        .on('error', reject)
        .end()
    })

  it('takes a new certificate for new connections, while those that stand go on', async () => {
    const { gateway } = await gatewayScene(TLS)
    const kept = await rawClient(0, secure(gateway.port))
    const renewed = selfSigned('localhost')
    gateway.reloadTls(renewed)
    expect(await ask(gateway.port, renewed.cert)).toBe('ok')
    await expect(ask(gateway.port, CERTIFICATE.cert)).rejects.toThrow('self-signed certificate')
    kept.socket.write(GET)
    await kept.received('ok')
  })

  it('keeps the old one where the new one cannot be used', async () => {
    const { gateway } = await gatewayScene(TLS)
    const bad = [{ cert: 'no' }, { ...CERTIFICATE, key: selfSigned('localhost').key }, undefined as never]
    for (const tls of bad) {
      const failed = expect.objectContaining({
        code: 'invalid-option',
        message: expect.stringContaining('"reloadTls"'),
      })
      expect(() => gateway.reloadTls(tls)).toThrow(failed)
    }
    expect(await ask(gateway.port, CERTIFICATE.cert)).toBe('ok')
  })

  it('is refused by a gateway without TLS', async () => {
    const { gateway } = await gatewayScene()
    expect(() => gateway.reloadTls(CERTIFICATE)).toThrow('serve.tls')
  })
})
