import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { listening, type WireGateway, wireGateway } from '../wire.ts'

/** A pod that serves WebSockets with `ws`, and a gateway in front of it. */
async function scene(options: ConstructorParameters<typeof WebSocketServer>[0] = {}) {
  const server = createServer()
  const pod = new WebSocketServer({ server, ...options })
  onTestFinished(() => {
    for (const socket of pod.clients) socket.terminate()
    pod.close()
  })
  const gateway = await wireGateway([`http://127.0.0.1:${await listening(server)}`])
  return { pod, gateway }
}

function open({ port }: WireGateway, protocols: string[] = [], options = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, protocols, { headers: { x: 'k' }, ...options })
  onTestFinished(() => socket.terminate())
  return socket
}

/** Both ends, open. */
async function connected({ pod, gateway }: Awaited<ReturnType<typeof scene>>, options = {}) {
  const client = open(gateway, [], options)
  const [[served]] = await Promise.all([once(pod, 'connection'), once(client, 'open')])
  return { client, served: served as WebSocket }
}

describe('WebSockets of ws through forward()', () => {
  it.each([false, true])('carry text, bytes and much, both ways; compressed: %s', async (isCompressed) => {
    const scened = await scene({ perMessageDeflate: isCompressed })
    const { client, served } = await connected(scened, { perMessageDeflate: isCompressed })
    expect(client.extensions).toBe(isCompressed ? 'permessage-deflate' : '')
    served.on('message', (data: Buffer, isBinary: boolean) => served.send(data, { binary: isBinary }))
    for (const message of ['hällo', Buffer.from([0, 255, 1]), Buffer.alloc(3_000_000, 'xyz'), '']) {
      client.send(message)
      const [data, isBinary] = await once(client, 'message')
      expect(isBinary).toBe(typeof message !== 'string')
      expect(Buffer.compare(data as Buffer, Buffer.from(message as string))).toBe(0)
    }
  })

  it('carry pings and pongs, and the subprotocol that was agreed on', async () => {
    const { pod, gateway } = await scene({ handleProtocols: () => 'b' })
    const client = open(gateway, ['a', 'b'])
    const [[served]] = await Promise.all([once(pod, 'connection'), once(client, 'open')])
    expect(client.protocol).toBe('b')
    const pong = once(served as WebSocket, 'pong')
    const ping = once(client, 'ping')
    ;(served as WebSocket).ping('1')
    expect([String((await ping)[0]), String((await pong)[0])]).toEqual(['1', '1'])
  })

  it.each(['client', 'pod'] as const)('close in order where the %s closes', async (first) => {
    const scened = await scene()
    const ends = await connected(scened)
    const [one, other] = first === 'client' ? [ends.client, ends.served] : [ends.served, ends.client]
    const closes = Promise.all([once(one, 'close'), once(other, 'close')])
    one.close(4_001, 'done')
    const seen = (await closes).map(([code, reason]) => [code, String(reason)])
    expect(seen).toEqual([
      [4_001, 'done'],
      [4_001, 'done'],
    ])
    await scened.gateway.routing.idle()
  })

  it.each(['client', 'pod'] as const)('close without order where the %s is gone', async (first) => {
    const scened = await scene()
    const ends = await connected(scened)
    const [one, other] = first === 'client' ? [ends.client, ends.served] : [ends.served, ends.client]
    other.on('error', () => undefined)
    const closed = once(other, 'close')
    one.terminate()
    expect((await closed)[0]).toBe(1_006)
    await scened.gateway.routing.idle()
  })

  it('are refused where the pod refuses them', async () => {
    const { gateway } = await scene({
      verifyClient: (_info, done) => done(false, 401, 'no', { 'X-Why': 'you' }),
    })
    const client = open(gateway)
    client.on('error', () => undefined)
    const [, response] = await once(client, 'unexpected-response')
    expect([response.statusCode, response.headers['x-why']]).toEqual([401, 'you'])
    await gateway.routing.idle()
  })

  it('serve many at a time, each its own', async () => {
    const scened = await scene()
    scened.pod.on('connection', (served) => served.on('message', (data) => served.send(data)))
    const clients = Array.from({ length: 100 }, () => open(scened.gateway))
    await Promise.all(clients.map((client) => once(client, 'open')))
    const echoes = clients.map(async (client, index) => {
      const echoed = once(client, 'message')
      client.send(`${index}`)
      return String((await echoed)[0])
    })
    expect(await Promise.all(echoes)).toEqual(clients.map((_, index) => `${index}`))
  })
})
