import { connect } from 'node:net'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { answering, codeOf, OK, statusLineOf, valuesOf, type Wire, wireGateway, wirePod } from '../wire.ts'
import { ASKS, asking, fate, turns } from './stream.ts'

const REFUSED = 'HTTP/1.1 403 Forbidden\r\n'

/** What a client gets until its connection is closed, of a pod that answers its upgrade so. */
async function answered(bytes: string, asks = ASKS) {
  const pod = await wirePod(answering(bytes))
  const gateway = await wireGateway([pod.url])
  const client = asking(gateway, asks)
  return { text: await client.rest(), pod, gateway }
}

/** True if the pod's connection serves another request. */
async function isKept(
  { pod, gateway }: Awaited<ReturnType<typeof answered>>,
  method = 'GET',
): Promise<boolean> {
  await gateway.ask(`${method} / HTTP/1.1`)
  return pod.wires.length === 1
}

describe('an upgrade that the pod answers with something else than 101', () => {
  it.each([
    ['a length', 'Content-Length: 7\r\n\r\nnot you', 'Content-Length: 7\r\nConnection: close\r\n\r\nnot you'],
    ['no body', 'Content-Length: 0\r\n\r\n', 'Content-Length: 0\r\nConnection: close\r\n\r\n'],
    [
      'chunks',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n4\r\n you\r\n0\r\nX-Sum: 1\r\n\r\n',
      'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\nnot you\r\n0\r\nX-Sum: 1\r\n\r\n',
    ],
  ])('gets its answer, and the connection of the pod is kept: %s', async (_name, sent, got) => {
    const one = await answered(REFUSED + sent)
    expect(one.text).toBe(REFUSED + got)
    expect(await isKept(one)).toBe(true)
  })

  it.each([204, 304])('gets a %d without a body', async (status) => {
    const one = await answered(`HTTP/1.1 ${status} X\r\nETag: "a"\r\n\r\n`)
    expect(one.text).toBe(`HTTP/1.1 ${status} X\r\nETag: "a"\r\nConnection: close\r\n\r\n`)
    expect(await isKept(one)).toBe(true)
  })

  it('gets no body where it asked by HEAD', async () => {
    const one = await answered(`${REFUSED}Content-Length: 7\r\n\r\n`, ASKS.replace('GET', 'HEAD'))
    expect(one.text).toBe(`${REFUSED}Content-Length: 7\r\nConnection: close\r\n\r\n`)
    expect(await isKept(one, 'HEAD')).toBe(true)
  })

  it('gets what ends with the connection in chunks, so that it sees the end', async () => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.socket.end(`${REFUSED}\r\nnot you`)
    })
    const gateway = await wireGateway([pod.url])
    const text = await asking(gateway).rest()
    expect(text).toBe(
      `${REFUSED}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\nnot you\r\n0\r\n\r\n`,
    )
  })

  it.each([
    ['sized', ASKS, 'Content-Length: 9\r\n\r\nnot', /\r\n\r\nnot$/],
    ['chunked', ASKS, 'Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n', /\r\n\r\n3\r\nnot\r\n$/],
    ['until its end', ASKS.replace('/1.1', '/1.0'), 'Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n', /not$/],
  ])('sees an answer break off that is %s', async (name, asks, sent, got) => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.write(REFUSED + sent)
      await turns(20)
      wire.socket.resetAndDestroy()
    })
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway, asks)
    const seen = fate(client)
    expect(await client.rest()).toMatch(got)
    // In HTTP/1.0 an orderly end would pass for the end of the answer.
    expect(await seen).toBe(name === 'until its end' ? 'ECONNRESET' : 'closed')
  })

  it('gets all of a long answer although it reads slowly, and no more of it is held than buffers take', async () => {
    const length = 64_000_000
    let wire: Wire | undefined
    const pod = await wirePod(async (taken) => {
      wire = taken
      await taken.take()
      taken.write(`${REFUSED}Content-Length: ${length}\r\n\r\n`)
      taken.socket.write(Buffer.alloc(length, 'x'))
    })
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway)
    await client.take()
    client.socket.pause()
    await turns(100)
    expect(wire?.socket.writableLength).toBeGreaterThan(0)
    const got = client.text.length
    client.socket.resume()
    const rest = await client.rest()
    expect(rest.length).toBe(length)
    expect(got).toBeLessThan(length)
  })
})

describe('an upgrade that is answered by the gateway', () => {
  it('gets a whole answer: length, end of the connection, when to come again', async () => {
    const gateway = await wireGateway([])
    const text = await asking(gateway).rest()
    expect(statusLineOf(text)).toBe('HTTP/1.1 503 Service Unavailable')
    expect(codeOf(text)).toBe('no-endpoints')
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    expect(valuesOf(text, 'content-length')).toEqual([String(body.length)])
    expect(valuesOf(text, 'connection')).toEqual(['close'])
    expect(valuesOf(text, 'retry-after')).toEqual(['1'])
  })

  it('gets no body where it asked by HEAD', async () => {
    const gateway = await wireGateway([])
    const text = await asking(gateway, ASKS.replace('GET', 'HEAD')).rest()
    expect(text).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\n\r\n$/)
  })

  it('gets it also where it has ended its side', async () => {
    const gateway = await wireGateway([])
    const client = asking(gateway)
    client.socket.end()
    expect(codeOf(await client.rest())).toBe('no-endpoints')
  })

  it('gets it also where it goes on to send, and is cut when it does not stop', async () => {
    const clock = fakeClock()
    const gateway = await wireGateway([], { clock })
    const client = asking(gateway)
    client.socket.allowHalfOpen = true
    client.socket.write(Buffer.alloc(4_000_000))
    await client.take('}')
    // A socket that is closed over unread bytes is reset.
    while (client.socket.writableLength > 0) await turns(1)
    client.write('more')
    await turns()
    expect(client.isClosed).toBe(false)
    while (!client.isClosed) {
      clock.advance(1_000)
      client.write('and more')
      await turns(1)
    }
    await turns()
    expect(clock.pending).toBe(0)
  })

  it('is refused beyond the most that may be open, and taken again when one has ended', async () => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n')
    })
    const gateway = await wireGateway([pod.url], { maxUpgrades: 2 })
    const clients = [asking(gateway), asking(gateway)]
    for (const client of clients) expect(await client.take()).toContain(' 101 ')
    const refused = await asking(gateway).rest()
    expect(statusLineOf(refused)).toContain(' 503 ')
    expect(codeOf(refused)).toBe('at-capacity')
    expect(refused).toContain('forward.maxUpgrades')
    clients[0]?.socket.destroy()
    while (gateway.routing.openLeases > 1) await turns(1)
    expect(await asking(gateway).take()).toContain(' 101 ')
  })

  it('does not bring down the process where it is gone before it is taken', async () => {
    const gateway = await wireGateway([])
    for (let i = 0; i < 20; i++) {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(ASKS, () => socket.resetAndDestroy())
    }
    expect(codeOf(await asking(gateway).rest())).toBe('no-endpoints')
  })
})

it('forwards requests on a connection whose upgrade another listener has not taken', async () => {
  const pod = await wirePod(answering(OK))
  const gateway = await wireGateway([pod.url])
  expect(await gateway.ask('GET / HTTP/1.1\r\nUpgrade: chat')).toContain('200 OK')
  const wire = pod.wires[0] as Wire
  expect(wire.text).toBe('')
})
