import { sensitiveHeaders } from 'node:http2'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bodyPieces, digest } from '../../src/testing/body-pattern.ts'
import { CLIENT_KINDS, readStream } from './support/clients.ts'
import type { PodAnswer, PodRequest } from './support/pods.ts'
import { POD_KINDS } from './support/pods.ts'
import { KEY, Scene } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

const LARGE = 8 * 1024 * 1024

/** Tells what came. */
const echo: PodAnswer = async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const { method, url, headers, trailers } = request
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({ method, url, headers, trailers, sha256: digest(pieces), host: hostOf(request) }),
  )
}

function hostOf(request: PodRequest): string | undefined {
  return 'authority' in request ? request.authority : request.headers.host
}

it('fields that are never to be indexed stay so, both ways', async () => {
  let sensitive: unknown
  const pod = await scene.pod('h2c', (request, response) => {
    sensitive = (request.headers as never)[sensitiveHeaders]
    response.stream?.respond({ 'x-secret': '2', [sensitiveHeaders]: ['x-secret'] } as never, {
      endStream: true,
    })
  })
  const { port } = await scene.gateway([pod])
  const stream = scene
    .http2Client(port)
    .open({ ':path': '/', 'x-token': '1', 'x-open': '1', [sensitiveHeaders]: ['x-token'] } as never)
  const { headers } = await readStream(stream)
  expect(sensitive).toEqual(['x-token'])
  expect((headers as never)[sensitiveHeaders]).toEqual(['x-secret'])
})

describe.each(CLIENT_KINDS)('a client of %s', (clientKind) => {
  describe.each(POD_KINDS)('in front of a pod of %s', (podKind) => {
    async function served(answer: PodAnswer, options = {}) {
      const pod = await scene.pod(podKind, answer)
      const gateway = await scene.gateway([pod], options)
      return { pod, gateway, client: scene.client(clientKind, gateway.port) }
    }

    it('gets an answer to a GET, with its headers and its Host', async () => {
      const { client, gateway } = await served(echo)
      const answer = await client.ask({ path: '/a%2Fb?c=d', headers: { 'x-one': '1', [KEY]: 'k' } })
      expect(answer.status).toBe(200)
      expect(answer.isComplete).toBe(true)
      const told = JSON.parse(answer.body.toString())
      expect(told).toMatchObject({ method: 'GET', url: '/a%2Fb?c=d', host: `localhost:${gateway.port}` })
      expect(told.headers).toMatchObject({
        'x-one': '1',
        [KEY]: 'k',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': `localhost:${gateway.port}`,
        'x-forwarded-port': String(gateway.port),
      })
      await gateway.routing.idle()
    })

    it.each(['POST', 'PUT'])('sends 8 MB by %s, byte for byte', async (method) => {
      const { client, gateway } = await served(echo)
      const answer = await client.ask({ method, body: bodyPieces(LARGE), headers: { [KEY]: 'k' } })
      const told = JSON.parse(answer.body.toString())
      expect(told.method).toBe(method)
      expect(told.sha256).toBe(digest(bodyPieces(LARGE)))
      await gateway.routing.idle()
    })

    it('gets 8 MB, byte for byte', async () => {
      const { client } = await served((_, response) => void writeAll(response, bodyPieces(LARGE)))
      const { body, isComplete } = await client.ask()
      expect(isComplete).toBe(true)
      expect(digest([body])).toBe(digest(bodyPieces(LARGE)))
    })

    it('gets 8 MB of known length, byte for byte', async () => {
      const { client } = await served((_, response) => {
        response.setHeader('content-length', LARGE)
        void writeAll(response, bodyPieces(LARGE))
      })
      const { body, headers } = await client.ask()
      expect(headers['content-length']).toBe(String(LARGE))
      expect(digest([body])).toBe(digest(bodyPieces(LARGE)))
    })

    it('passes trailers on both ways', async () => {
      const { client } = await served(async (request, response) => {
        for await (const _ of request);
        response.writeHead(200, { trailer: 'x-sum' })
        response.write('body')
        response.addTrailers({ 'x-sum': `got ${request.trailers['x-up']}` })
        response.end()
      })
      const { trailers, body } = await client.ask({
        method: 'POST',
        body: [Buffer.from('a')],
        headers: { trailer: 'x-up', te: 'trailers' },
        trailers: { 'x-up': '1' },
      })
      expect(body.toString()).toBe('body')
      expect(trailers['x-sum']).toBe('got 1')
    })

    it('gets interim responses before the head', async () => {
      const { client } = await served((_, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' })
        response.end('done')
      })
      const { interim, body } = await client.ask()
      expect(body.toString()).toBe('done')
      expect(interim.map(({ status, headers }) => [status, headers.link])).toEqual([
        [103, '</a.css>; rel=preload'],
      ])
    })

    it('sends its body after the 100 that the pod gave', async () => {
      const { client } = await served(echo)
      const answer = await client.ask({
        method: 'POST',
        headers: { expect: '100-continue' },
        body: [Buffer.from('x')],
      })
      expect(JSON.parse(answer.body.toString()).sha256).toBe(digest([Buffer.from('x')]))
    })

    it('gets the answers that have no body', async () => {
      const { client, gateway } = await served((request, response) => {
        const status = Number(request.url?.slice(1))
        response.writeHead(status, { etag: '"1"', ...(status === 200 && { 'content-length': '1234' }) })
        response.end()
      })
      for (const status of [204, 205, 304]) {
        const answer = await client.ask({ path: `/${status}` })
        expect([answer.status, answer.headers.etag, answer.body.length]).toEqual([status, '"1"', 0])
        expect(answer.isComplete).toBe(true)
      }
      const head = await client.ask({ method: 'HEAD', path: '/200' })
      expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '1234', 0])
      await gateway.routing.idle()
      expect(gateway.pool.inFlight).toBe(0)
    })

    it('gets repeated Set-Cookie lines apart, and a doubled X-Content-Type-Options', async () => {
      const { client } = await served((_, response) => {
        response.setHeader('set-cookie', ['a=1', 'b=2'])
        response.setHeader('x-many', ['1', '2'])
        // node refuses the doubled one in HTTP/2; in HTTP/1.1 it is common.
        response.setHeader('x-content-type-options', podKind === 'h1' ? ['nosniff', 'nosniff'] : 'nosniff')
        response.end()
      })
      const { headers, status } = await client.ask()
      expect(status).toBe(200)
      expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
      expect(headers['x-many']).toBe('1, 2')
      expect(headers['x-content-type-options']).toMatch(/^nosniff/)
    })

    // node's own client of HTTP/1.1 does not go on with such a connection: see forward-early.test.ts.
    it.runIf(clientKind === 'h2')(
      'gets an early answer, and the next one on the same connection',
      async () => {
        const { client, gateway } = await served((request, response) => {
          if (request.method === 'GET') response.end('next')
          // By then what fits into buffers was sent, and the client is held back.
          else setTimeout(() => response.writeHead(413).end('too much'), 200)
        })
        const early = await client.ask({ method: 'POST', body: bodyPieces(4 * LARGE) })
        expect([early.status, early.body.toString(), early.isComplete]).toEqual([413, 'too much', true])
        expect((await client.ask()).body.toString()).toBe('next')
        await gateway.routing.idle()
      },
    )

    it('sees that a response broke off', async () => {
      const { client, gateway } = await served((_, response) => {
        response.write('half')
        setImmediate(() => response.stream?.close(8) ?? response.destroy())
      })
      const answer = await client.ask()
      expect(answer.isComplete).toBe(false)
      await gateway.routing.idle()
    })

    it('sees that a response broke off whose pod said NO_ERROR', async () => {
      const { client, gateway } = await served((_, response) => {
        response.write('half')
        setImmediate(() => response.destroy())
      })
      const answer = await client.ask()
      expect(answer.isComplete).toBe(false)
      await gateway.routing.idle()
    })
  })
})

async function writeAll(
  response: {
    write(piece: Buffer): boolean
    once(event: 'drain', listener: () => void): unknown
    end(): unknown
  },
  pieces: Iterable<Buffer>,
): Promise<void> {
  for (const piece of pieces) {
    if (!response.write(piece)) await new Promise<void>((resolve) => response.once('drain', resolve))
  }
  response.end()
}
