import { createHash } from 'node:crypto'
import { constants } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bodyPieces, digest } from '../../src/testing/body-pattern.ts'
import { LOCALHOST } from './support/certificate.ts'
import { readStream } from './support/clients.ts'
import { atRest, pour } from './support/flow.ts'
import { FRAME, frame, headersFrame, PREFACE, rstFrame, settingsFrame } from './support/frames.ts'
import type { PodAnswer } from './support/pods.ts'
import { KEY, Scene, until } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

const FLOOD = 32 * 1024 * 1024

const named =
  (name: string): PodAnswer =>
  (request, response) =>
    response.end(JSON.stringify({ name, headers: request.headers, raw: request.rawHeaders }))

async function served(answer: PodAnswer, options = {}) {
  const pod = await scene.pod('h1', answer)
  const gateway = await scene.gateway([pod], options)
  return { pod, gateway, client: scene.http2Client(gateway.port) }
}

describe('requests of one HTTP/2 connection', () => {
  it('stick each by its own key', async () => {
    const pods = await Promise.all(['a', 'b'].map((name) => scene.pod('h1', named(name), {}, name)))
    const { port, routing } = await scene.gateway(pods)
    const client = scene.http2Client(port)
    const podOf = async (key: string) =>
      JSON.parse((await client.ask({ headers: { [KEY]: key } })).body.toString()).name
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const first = await Promise.all(keys.map(podOf))
    expect(new Set(first)).toEqual(new Set(['a', 'b']))
    expect(await Promise.all(keys.map(podOf))).toEqual(first)
    await routing.idle()
  })

  it('join the pieces of their cookie, and keep TE: trailers', async () => {
    const { client } = await served(named('a'))
    const stream = client.open({ ':path': '/', cookie: ['a=1', 'b=2', 'c=3'], te: 'trailers' })
    const { raw, headers } = JSON.parse((await readStream(stream)).body.toString())
    expect(headers.cookie).toBe('a=1; b=2; c=3')
    expect(raw.filter((name: string) => name.toLowerCase() === 'cookie')).toHaveLength(1)
    expect(headers.te).toBe('trailers')
    expect(Object.keys(headers).filter((name) => name.startsWith(':'))).toEqual([])
  })

  it('are refused when they name two authorities, and leave the others of their connection alone', async () => {
    const { client, pod } = await served(named('a'))
    const two = await readStream(client.open({ ':path': '/', ':authority': 'a.example', host: 'b.example' }))
    expect(two.status).toBe(400)
    expect(JSON.parse(two.body.toString()).code).toBe('request-malformed')
    expect(pod.connections).toBe(0)
    const same = await readStream(client.open({ ':path': '/', ':authority': 'a.example', host: 'A.example' }))
    expect(same.status).toBe(200)
    expect(JSON.parse(same.body.toString()).headers.host).toBe('a.example')
  })

  it.each([
    ['a fragment', { ':path': '/a#b' }],
    ['a backslash', { ':path': '/a\\b' }],
    ['two hosts as authority', { ':path': '/', ':authority': 'a.example,b.example' }],
  ])('are refused with %s', async (_what, headers) => {
    const { client, pod } = await served(named('a'))
    expect((await readStream(client.open(headers))).status).toBe(400)
    expect(pod.connections).toBe(0)
  })

  it('are refused if they ask for a tunnel', async () => {
    const { client, pod } = await served(named('a'))
    const answer = await readStream(
      client.open({ ':method': 'CONNECT', ':authority': 'a.example:443' }, { endStream: true }),
    )
    expect(answer.status).toBe(405)
    expect(pod.connections).toBe(0)
  })

  it('are answered with JSON when they fail', async () => {
    const pod = await scene.pod('h1', named('a'))
    const gateway = await scene.gateway([pod])
    await pod.kill()
    const { status, headers, body, isComplete } = await scene.http2Client(gateway.port).ask()
    expect([status, headers['content-type'], headers['retry-after'], isComplete]).toEqual([
      503,
      'application/json',
      '1',
      true,
    ])
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'no-endpoints' })
  })

  it('are not sent to a pod once they are reset, and end there when they are reset later', async () => {
    let isGone = false
    const { client, gateway } = await served((request) => {
      request.on('close', () => {
        isGone = true
      })
    })
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    await until(() => gateway.pool.inFlight === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await until(() => isGone)
    await gateway.routing.idle()
    expect(gateway.pool.inFlight).toBe(0)
  })

  it.each([
    ['CANCEL', rstFrame(1, constants.NGHTTP2_CANCEL)],
    ['NO_ERROR', rstFrame(1, constants.NGHTTP2_NO_ERROR)],
    ['the end of the connection', undefined],
  ])('whose body is broken off by %s never look complete to the pod', async (_what, reset) => {
    let hasEnded = false
    const broke = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const { gateway } = await served((request) => {
      request.on('data', begun.resolve)
      request.on('end', () => {
        hasEnded = true
      })
      request.on('error', () => broke.resolve())
    })
    const socket = connectTls({ port: gateway.port, host: '127.0.0.1', ca: LOCALHOST, ALPNProtocols: ['h2'] })
    scene.defer(() => socket.destroy())
    socket.write(
      Buffer.concat([
        PREFACE,
        settingsFrame(),
        headersFrame(1, 0, [
          [':method', 'POST'],
          [':path', '/'],
          [':scheme', 'https'],
          [':authority', 'a'],
        ]),
        frame(FRAME.data, 0, 1, Buffer.from('half')),
      ]),
    )
    await begun.promise
    if (reset) socket.write(reset)
    else socket.destroy()
    await broke.promise
    expect(hasEnded).toBe(false)
    await gateway.routing.idle()
  })

  it('end their upload when they are answered early', async () => {
    const { client, gateway } = await served((_, response) => void response.writeHead(413).end('too much'))
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    const progress = pour(stream, 64 * 1024 * 1024)
    const { status, body, isComplete } = await readStream(stream)
    expect([status, body.toString(), isComplete]).toEqual([413, 'too much', true])
    expect(progress.sent).toBeLessThan(64 * 1024 * 1024)
    await gateway.routing.idle()
  })

  it('hold a pod back that is faster than their client, and let it go on', async () => {
    let progress = { sent: 0 }
    const { client } = await served((_, response) => {
      progress = pour(response, FLOOD)
    })
    const stream = client.open({ ':path': '/' })
    await new Promise((resolve) => stream.once('response', resolve))
    expect(await atRest(progress)).toBeLessThan(FLOOD / 4)
    expect(await digestOf(stream)).toBe(digest(bodyPieces(FLOOD)))
  })

  it('hold a client back that is faster than its pod, and let it go on', async () => {
    let read = () => {}
    const { client } = await served((request, response) => {
      read = () => void digestOf(request).then((sum) => response.end(sum))
    })
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    const progress = pour(stream, FLOOD)
    expect(await atRest(progress)).toBeLessThan(FLOOD / 4)
    read()
    expect((await readStream(stream)).body.toString()).toBe(digest(bodyPieces(FLOOD)))
  })

  it.each([
    ['an interim response', 'HTTP/1.1 103 Early\r\nETag: "1"\r\nETag: "2"\r\n\r\n', ''],
    ['a trailer', '', 'HTTP2-Settings: AAAA\r\n'],
  ])('lose %s that HTTP/2 cannot send, and nothing else', async (_what, before, trailer) => {
    const pod = await scene.rawPod((socket) => {
      socket.once('data', () => {
        const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
        socket.write(`${before}${head}2\r\nok\r\n0\r\n${trailer}X-Sum: 1\r\n\r\n`)
      })
    })
    const { port } = await scene.gateway([pod])
    const { body, interim, trailers, isComplete } = await scene.http2Client(port).ask()
    expect([body.toString(), interim.length, { ...trailers }, isComplete]).toMatchObject([
      'ok',
      0,
      { 'x-sum': '1' },
      true,
    ])
  })

  it('are 502 for a head that HTTP/2 cannot send', async () => {
    const pod = await scene.rawPod((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nETag: "1"\r\nETag: "2"\r\n\r\nbody'))
    })
    const { port, routing } = await scene.gateway([pod])
    const { status, body, isComplete } = await scene.http2Client(port).ask()
    expect([status, JSON.parse(body.toString()).code, isComplete]).toEqual([502, 'upstream-malformed', true])
    await routing.idle()
  })

  it('are cut when their client does not read the rest of a response that the pod has sent whole', async () => {
    const { client, gateway } = await served(
      (_, response) => {
        response.end(Buffer.alloc(300_000))
      },
      { idleTimeoutMs: 200 },
    )
    const stream = client.open({ ':path': '/' })
    await new Promise((resolve) => stream.once('response', resolve))
    await gateway.routing.idle()
    await new Promise((resolve) => stream.resume().once('close', resolve))
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(gateway.pool.inFlight).toBe(0)
  })

  it('are cut by close() so that the client sees it, HEAD among those that end', async () => {
    let sawRequest = () => {}
    const seen = new Promise<void>((resolve) => {
      sawRequest = resolve
    })
    const { client, gateway } = await served((request, response) => {
      if (request.method === 'HEAD') response.end()
      else response.write('half', sawRequest)
    })
    expect((await client.ask({ method: 'HEAD' })).status).toBe(200)
    const open = client.ask()
    await seen
    await until(() => gateway.pool.inFlight === 1)
    await gateway.proxy.close({ graceMs: 0 })
    // Depending on how far it came, the head was there or not.
    expect(
      await open.then(
        ({ isComplete }) => isComplete,
        () => false,
      ),
    ).toBe(false)
  })
})

async function digestOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of stream) hash.update(piece)
  return hash.digest('hex')
}
