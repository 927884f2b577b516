import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GET, gatewayScene, rawClient } from './scene.ts'

describe('what serve() cannot read as a request', () => {
  it.each([
    ['is no HTTP', 'HELLO\r\n\r\n', 400, 'request-malformed'],
    [
      'has two framings',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'request-malformed',
    ],
    [
      'has too large a head',
      `GET / HTTP/1.1\r\nHost: a\r\nBig: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'head-too-large',
    ],
  ])('is answered if it %s', async (_what, bytes, status, code) => {
    const { gateway, pod } = await gatewayScene()
    const client = await rawClient(gateway.port)
    client.socket.write(bytes)
    await client.closed
    expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(client.text).toContain('connection: close')
    const body = client.text.split('\r\n\r\n')[1] as string
    expect(JSON.parse(body)).toEqual({ code, message: expect.any(String) })
    expect(client.text.match(/HTTP\/1.1 \d/g)?.length).toBe(1)
    expect(pod.requests).toBe(0)
  })

  it('is answered behind an answered request', async () => {
    const { gateway } = await gatewayScene()
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    await client.received('ok')
    client.socket.write('HELLO\r\n\r\n')
    await client.closed
    expect(client.text).toMatch(/^HTTP\/1.1 200 [\s\S]*ok[\s\S]*HTTP\/1.1 400 /)
  })

  it('cuts the connection if an earlier request of it has no answer yet: the client would take it for that', async () => {
    const { gateway, asked } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    await asked()
    client.socket.write('HELLO\r\n\r\n')
    await client.closed
    expect(client.text).toBe('')
  })

  it('is never written into an answer that has begun', async () => {
    const { gateway, asked } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    const held = await asked()
    held.writeHead(200, { 'content-length': 9 })
    held.write('half')
    await client.received('half')
    client.socket.write('no chunk\r\n')
    await client.closed
    expect(client.text.endsWith('half')).toBe(true)
  })

  it('is answered within the body of a request whose answer has not begun', async () => {
    const { gateway, asked, pool } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    await asked()
    client.socket.write('no chunk\r\n')
    await client.closed
    expect(client.text).toMatch(/^HTTP\/1.1 400 /)
    expect(client.text.match(/HTTP\/1.1 \d/g)?.length).toBe(1)
    await expect.poll(() => pool.inFlight, { timeout: 4_000 }).toBe(0)
  })

  it('is answered 408 if a head, or a whole request, takes too long', async () => {
    const limits = { headTimeoutMs: 100, requestTimeoutMs: 200 }
    const { gateway } = await gatewayScene({ limits }, 'when-told')
    const unused = await rawClient(gateway.port)
    const slow = await rawClient(gateway.port)
    slow.socket.write('GET / HTTP/1.1\r\n')
    const body = await rawClient(gateway.port)
    body.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf')
    await Promise.all([unused.closed, slow.closed, body.closed])
    expect(unused.text).toBe('')
    for (const { text } of [slow, body]) expect(text).toMatch(/^HTTP\/1.1 408 [\s\S]*"client-stalled"/)
  })

  it('cuts the connection if a request takes too long that is answered: the next one would get the 408', async () => {
    const { gateway } = await gatewayScene({ limits: { headTimeoutMs: 100, requestTimeoutMs: 200 } })
    const client = await rawClient(gateway.port)
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf')
    await client.received('ok')
    await client.closed
    expect(client.text.match(/HTTP\/1.1 \d/g)?.length).toBe(1)
  })

  it('cuts the connection if a body breaks behind requests that have no answer yet', async () => {
    const { gateway, asked } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    await asked()
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n')
    await client.closed
    expect(client.text).toBe('')
  })

  it('is answered to a client that goes on sending, and its connection ended', async () => {
    const { gateway } = await gatewayScene()
    const client = await rawClient(gateway.port)
    client.socket.pause().write('HELLO\r\n\r\n')
    for (let i = 0; i < 20; i++) {
      client.socket.write('x'.repeat(10_000))
      await turn()
    }
    client.socket.resume()
    const more = setInterval(() => client.socket.write('x'), 5)
    await client.closed
    clearInterval(more)
    expect(client.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400'])
  })
})
