import { all, cookie, header } from '@limpet/core'
import { describe, expect, it } from 'vitest'
import type { ForwardOptions } from '../src/index.ts'
import { END_OF_HEAD, OK, statusLineOf, valuesOf, type Wire, wireGateway, wirePod } from './wire.ts'

const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n'

/** A pod that answers each request with these bytes, and the last head that reached it. */
async function seeingPod(bytes = OK) {
  const seen = { head: '' }
  const pod = await wirePod(async (wire: Wire) => {
    for (;;) {
      seen.head = await wire.take()
      wire.write(bytes)
    }
  })
  return { url: pod.url, seen }
}

async function received(options: ForwardOptions, head: string): Promise<string> {
  const { url, seen } = await seeingPod()
  const { ask } = await wireGateway([url], options)
  await ask(head)
  return seen.head
}

describe('interim responses', () => {
  it('reach the client in order, without what concerns one connection alone, with Via', async () => {
    const answer =
      `${EARLY}Connection: X-Gone\r\nX-Gone: 1\r\n\r\n` +
      'HTTP/1.1 102 Processing\r\n\r\n' +
      'HTTP/1.1 100 Continue\r\n\r\n' +
      `${EARLY}\r\n${OK}`
    const { url } = await seeingPod(answer)
    const { ask } = await wireGateway([url], { via: 'limpet' })
    const parts = (await ask('GET / HTTP/1.1')).split(END_OF_HEAD)
    expect(parts.slice(0, 3)).toEqual([
      `${EARLY}Via: 1.1 limpet`,
      'HTTP/1.1 102 Processing\r\nVia: 1.1 limpet',
      `${EARLY}Via: 1.1 limpet`,
    ])
    expect(parts[3]).toMatch(/^HTTP\/1.1 200 OK/)
    expect(parts[4]).toBe('ok')
  })

  it('do not reach a client of HTTP/1.0', async () => {
    const { url } = await seeingPod(`${EARLY}\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`)
    const { ask } = await wireGateway([url])
    const answer = await ask('GET / HTTP/1.0')
    expect(statusLineOf(answer)).toBe('HTTP/1.1 200 OK')
    expect(answer).not.toMatch(/103|102/)
  })

  it('come at once, before the final one', async () => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.write(`${EARLY}\r\n`)
      await wire.take('never')
    })
    const { client } = await wireGateway([pod.url])
    const wire = client()
    wire.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(statusLineOf(await wire.take())).toBe('HTTP/1.1 103 Early Hints')
  })

  it.each([
    [32, 'HTTP/1.1 200 OK'],
    [33, 'HTTP/1.1 502 Bad Gateway'],
  ])('are %d at most: then it is %s', async (count, status) => {
    const { url } = await seeingPod('HTTP/1.1 102 Processing\r\n\r\n'.repeat(count) + OK)
    const { ask } = await wireGateway([url])
    const answer = await ask('GET / HTTP/1.0')
    expect(statusLineOf(answer)).toBe(status)
    if (count > 32) expect(answer).toContain('upstream-malformed')
  })

  it('keep the answers to pipelined requests in order and whole', async () => {
    const pod = await wirePod(async (wire) => {
      for (;;) {
        const target = statusLineOf(await wire.take()).split(' ')[1] as string
        wire.write(`${EARLY}\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${target}`)
      }
    })
    const { client } = await wireGateway([pod.url])
    const wire = client()
    for (const target of ['/1', '/2', '/3']) wire.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    for (const target of ['/1', '/2', '/3']) {
      expect(await wire.take()).toBe(`${EARLY}\r\n`)
      expect(statusLineOf(await wire.take())).toBe('HTTP/1.1 200 OK')
      expect(await wire.take(target)).toBe(target)
    }
    expect(wire.text).toBe('')
  })
})

describe('responses without a body', () => {
  const framings = {
    'no framing': '',
    'a length': 'Content-Length: 5\r\n',
    chunks: 'Transfer-Encoding: chunked\r\n',
  }
  for (const [what, framing] of Object.entries(framings)) {
    it.each([
      ['HEAD', '200 OK'],
      ['HEAD', '404 Not Found'],
      ['GET', '304 Not Modified'],
      ['GET', '204 No Content'],
    ])(`to %s with ${what}: %s has none, and the connections go on`, async (method, status) => {
      const pod = await wirePod(async (wire) => {
        await wire.take()
        wire.write(`HTTP/1.1 ${status}\r\n${framing}ETag: "1"\r\n\r\n`)
        await wire.take()
        wire.write(OK)
      })
      const { client } = await wireGateway([pod.url])
      const wire = client()
      wire.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
      const head = await wire.take()
      expect(statusLineOf(head)).toBe(`HTTP/1.1 ${status}`)
      expect(valuesOf(head, 'etag')).toEqual(['"1"'])
      expect(valuesOf(head, 'transfer-encoding')).toEqual([])
      const length = what === 'a length' && !status.startsWith('204') ? ['5'] : []
      expect(valuesOf(head, 'content-length')).toEqual(length)
      wire.write('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(statusLineOf(await wire.take('ok'))).toBe('HTTP/1.1 200 OK')
      expect(pod.wires).toHaveLength(1)
    })
  }
})

describe('via', () => {
  it('is told both ways, with the version of each message', async () => {
    const { url, seen } = await seeingPod('HTTP/1.0 200 OK\r\nVia: 1.1 mesh\r\nContent-Length: 2\r\n\r\nok')
    const { ask } = await wireGateway([url], { via: 'limpet' })
    const answer = await ask('GET / HTTP/1.0\r\nVia: 1.1 edge')
    expect(valuesOf(seen.head, 'via')).toEqual(['1.1 edge, 1.0 limpet'])
    expect(valuesOf(answer, 'via')).toEqual(['1.1 mesh', '1.0 limpet'])
  })

  it('is told on upgrades, and on answers that are none', async () => {
    const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'
    for (const bytes of ['HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', OK]) {
      const { url, seen } = await seeingPod(bytes)
      const { client } = await wireGateway([url], { via: 'limpet' })
      const wire = client()
      wire.write(upgrade)
      expect(valuesOf(await wire.take(), 'via')).toEqual(['1.1 limpet'])
      expect(valuesOf(seen.head, 'via')).toEqual(['1.1 limpet'])
      wire.socket.destroy()
    }
  })

  it('is passed on as it came by default', async () => {
    const { url, seen } = await seeingPod('HTTP/1.1 200 OK\r\nVia: 1.1 mesh\r\nContent-Length: 2\r\n\r\nok')
    const { ask } = await wireGateway([url])
    expect(valuesOf(await ask('GET / HTTP/1.1\r\nVia: 1.1 edge'), 'via')).toEqual(['1.1 mesh'])
    expect(valuesOf(seen.head, 'via')).toEqual(['1.1 edge'])
  })
})

describe('forwarded', () => {
  const claim = 'GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6'

  it('is by X-Forwarded-* by default, and a stranger is not believed', async () => {
    const head = await received({}, claim)
    expect(valuesOf(head, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(head, 'x-forwarded-host')).toEqual(['shop'])
    expect(valuesOf(head, 'forwarded')).toEqual([])
  })

  it('is by Forwarded where it says so, and a trusted proxy is', async () => {
    const head = await received({ forwarded: 'rfc7239', trustedProxies: ['127.0.0.0/8'] }, claim)
    expect(valuesOf(head, 'x-forwarded-for')).toEqual(['6.6.6.6'])
    expect(valuesOf(head, 'forwarded')).toEqual(['for=6.6.6.6, for=127.0.0.1;host=shop;proto=http'])
  })

  it('is nothing with none', async () => {
    const head = await received({ forwarded: 'none' }, claim)
    expect(head).not.toMatch(/forwarded/i)
  })
})

describe('Connection', () => {
  it('cannot name away the headers that the key is read from', async () => {
    const { url, seen } = await seeingPod()
    const key = all(header('X-Tenant'), header('X-Session'), cookie('sid'))
    const { ask } = await wireGateway([url], {}, { pool: { key } })
    await ask(
      'GET / HTTP/1.1\r\nX-Session: s\r\nX-Tenant: t\r\nCookie: sid=1\r\nX-Gone: 1\r\nConnection: x-session, X-TENANT, cookie, x-gone',
    )
    expect(['x-session', 'x-tenant', 'cookie', 'x-gone'].map((name) => valuesOf(seen.head, name))).toEqual([
      ['s'],
      ['t'],
      ['sid=1'],
      [],
    ])
  })
})
