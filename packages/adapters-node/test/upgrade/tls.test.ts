import { createServer } from 'node:https'
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { createSticky, header } from '@limpet/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { selfSigned } from '../../../core/test/support/self-signed.ts'
import { forward } from '../../src/index.ts'
import { watchRouting } from '../../src/testing/watched-routing.ts'
import { listening, Wire } from '../wire.ts'
import { ASKS, ended, fate, SWITCHED, turns } from './stream.ts'

const CERTIFICATE = selfSigned('localhost')

/** A client and a pod, encrypted on both ways; the pod has read the client's request. */
async function asked() {
  const arrived = Promise.withResolvers<Wire>()
  const podServer = createTlsServer({ ...CERTIFICATE, allowHalfOpen: true }, async (socket) => {
    const wire = new Wire(socket)
    await wire.take()
    arrived.resolve(wire)
  })
  const podPort = await listening(podServer)
  const pool = createSticky({ key: header('x'), endpoints: [`https://localhost:${podPort}`] })
  const routing = watchRouting(pool)
  const proxy = forward(routing, { tls: { ca: CERTIFICATE.cert } })
  const server = createServer(CERTIFICATE, proxy.request).on('upgrade', proxy.upgrade)
  const port = await listening(server as never)
  onTestFinished(async () => {
    server.closeAllConnections()
    await proxy.close({ graceMs: 0 })
    await pool.close()
  })
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: CERTIFICATE.cert,
    allowHalfOpen: true,
  } as never)
  const client = new Wire(socket)
  client.write(ASKS)
  return { client, pod: await arrived.promise, routing }
}

/** Both ends of a stream. */
async function openStream() {
  const ends = await asked()
  ends.pod.write(SWITCHED)
  expect(await ends.client.take()).toContain(' 101 ')
  return ends
}

describe('an upgraded stream over TLS on both sides', () => {
  it('ends in one direction and goes on in the other', async () => {
    for (const first of ['client', 'pod'] as const) {
      const { routing, ...ends } = await openStream()
      const [one, other] = first === 'client' ? [ends.client, ends.pod] : [ends.pod, ends.client]
      const fates = [fate(one), fate(other)]
      one.write('my last')
      one.socket.end()
      await ended(other)
      expect(other.text).toBe('my last')
      other.write('still here;')
      expect(await one.take(';')).toBe('still here;')
      other.socket.end()
      expect(await Promise.all(fates)).toEqual(['closed', 'closed'])
      await routing.idle()
    }
  })

  it('ends where one side goes away without a closing alert', async () => {
    for (const first of ['client', 'pod'] as const) {
      const { routing, ...ends } = await openStream()
      const [one, other] = first === 'client' ? [ends.client, ends.pod] : [ends.pod, ends.client]
      one.socket.destroy()
      await ended(other)
      other.socket.end()
      await routing.idle()
    }
  })

  it('is answered where the client has ended its side before', async () => {
    const { client, pod, routing } = await asked()
    client.socket.end()
    await turns()
    pod.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you')
    await client.take('not you')
    await routing.idle()
  })

  it('carries much, byte for byte', async () => {
    const much = 'abcdefgh'.repeat(1_000_000)
    const { client, pod } = await openStream()
    client.socket.end(much, 'latin1')
    pod.socket.end(much, 'latin1')
    await Promise.all([ended(client), ended(pod)])
    expect(client.text === much && pod.text === much).toBe(true)
  })
})
