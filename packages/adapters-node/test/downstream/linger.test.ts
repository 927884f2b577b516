import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type FakeClock, fakeClock } from '@limpet/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { discardRest } from '../../src/downstream/linger.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A server that answers at the head and has read nothing of the body, and a client that has sent a part of it. */
async function answeredEarly(
  clock: FakeClock,
  connection: 'close' | 'keep-alive' = 'close',
): Promise<{ client: Socket; request: IncomingMessage; text: () => string }> {
  let asked: IncomingMessage | undefined
  const server = createServer((request, response) => {
    if (asked) return response.end('later')
    asked = request
    request.pause()
    discardRest(request, clock)
    response.writeHead(200, { 'content-length': 5, connection }).end('early')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  closers.push(() => client.destroy())
  client.on('error', () => undefined)
  let received = ''
  client.setEncoding('latin1').on('data', (text: string) => {
    received += text
  })
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
  client.write(Buffer.alloc(500_000))
  await once(client, connection === 'close' ? 'end' : 'data')
  return { client, request: asked as IncomingMessage, text: () => received }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

function ended(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => request.once('end', () => resolve()))
}

describe('the rest of a request that is answered', () => {
  it('is read, so that a client which is still sending reads the answer and its end', async () => {
    const clock = fakeClock()
    const { client, request, text } = await answeredEarly(clock)
    expect(text()).toMatch(/^HTTP\/1\.1 200 .*early$/s)
    const read = ended(request)
    client.end(Buffer.alloc(500_000))
    await read
    expect(request.complete).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('is waited for 5 s at most', async () => {
    const clock = fakeClock()
    const { request } = await answeredEarly(clock)
    clock.advance(4_999)
    expect(request.socket.destroyed).toBe(false)
    const gone = closed(request.socket)
    clock.advance(1)
    await gone
    expect(clock.pending).toBe(0)
  })

  it('is not waited for when the client goes away', async () => {
    const clock = fakeClock()
    const { client, request } = await answeredEarly(clock)
    const gone = closed(request.socket)
    client.resetAndDestroy()
    await gone
    expect(request.socket.destroyed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('leaves a connection that is kept alive as it was', async () => {
    const clock = fakeClock()
    const { client, request, text } = await answeredEarly(clock, 'keep-alive')
    const read = ended(request)
    client.write(Buffer.alloc(500_000))
    await read
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await once(client, 'end')
    expect(text().match(/HTTP\/1\.1 200 /g)).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })
})
