import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import {
  constants,
  createServer as createHttp2Server,
  createSecureServer,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bodyPieces, digest } from '../../src/testing/body-pattern.ts'
import { listen } from '../../src/testing/held-port.ts'
import { inOrder } from '../../src/testing/in-order.ts'
import { LOCALHOST } from './support/certificate.ts'
import { readStream } from './support/clients.ts'
import { atRest, pour } from './support/flow.ts'
import { END_STREAM, FRAME, frame, goawayFrame, headersFrame, rstFrame } from './support/frames.ts'
import type { PodAnswer } from './support/pods.ts'
import { okHead, type RawConnection, startRawHttp2Pod } from './support/raw-pod.ts'
import { KEY, Scene, until } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

const ok: PodAnswer = (_, response) => response.end('ok')

async function served(answer: PodAnswer, options = {}, http2 = {}) {
  const pod = await scene.pod('h2c', answer, http2)
  const gateway = await scene.gateway([pod], options)
  return { pod, gateway, client: scene.http2Client(gateway.port) }
}

async function rawServed(
  take: (stream: number, connection: RawConnection, type: number) => void,
  options = {},
  settings = {},
) {
  const pod = await startRawHttp2Pod(
    ({ type, stream }, connection) => take(stream, connection, type),
    settings,
  )
  scene.defer(() => pod.close())
  const gateway = await scene.gateway([pod], options)
  return { pod, gateway, client: scene.http2Client(gateway.port) }
}

/** A pod that takes no stream at all. */
async function refusingPod(): Promise<number> {
  const pod = await startRawHttp2Pod(() => {}, { 3: 0 })
  scene.defer(() => pod.close())
  return pod.endpoint.port
}

/** Listens until the test is over. */
function kept(server: Server): Promise<number> {
  scene.defer(() => server.close())
  return listen(server)
}

const codeOf = ({ body }: { readonly body: Buffer }) => JSON.parse(body.toString()).code
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

describe('connections to a pod of HTTP/2', () => {
  it('carry many exchanges at a time, and one behind the other', async () => {
    const { pod, client } = await served(ok)
    await Promise.all(many(50, () => client.ask()))
    await client.ask()
    expect(pod.connections).toBe(1)
  })

  it('take as many streams as the pod says; others are opened when all are full', async () => {
    let open = 0
    let most = 0
    const release: (() => void)[] = []
    const { pod, client, gateway } = await served(
      (_, response) => {
        most = Math.max(most, ++open)
        release.push(() => response.end('ok'))
        response.on('close', () => open--)
      },
      {},
      { settings: { maxConcurrentStreams: 2 } },
    )
    const first = many(5, () => client.ask())
    await until(() => release.length === 5)
    expect(pod.connections).toBe(3)
    for (const end of release.splice(0)) end()
    await Promise.all(first)
    await gateway.routing.idle()
    const second = many(4, () => client.ask())
    await until(() => release.length === 4)
    expect(pod.connections).toBe(3)
    for (const end of release.splice(0)) end()
    expect((await Promise.all(second)).every(({ status }) => status === 200)).toBe(true)
  })

  it('count their streams for maxRequestsPerEndpoint', async () => {
    const release: (() => void)[] = []
    const { client, gateway } = await served((_, response) => release.push(() => response.end('ok')), {
      maxRequestsPerEndpoint: 2,
      maxQueuedPerEndpoint: 1,
    })
    const asked = many(3, () => client.ask())
    await until(() => release.length === 2 && gateway.pool.inFlight === 3)
    const refused = await client.ask()
    expect([refused.status, codeOf(refused)]).toEqual([503, 'endpoint-busy'])
    release.shift()?.()
    await until(() => release.length === 2)
    for (const end of release) end()
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it('are over a Unix socket, too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limpet-'))
    scene.defer(() => rm(folder, { recursive: true }))
    const server = createHttp2Server((_, response) => response.end('unix'))
    const socketPath = join(folder, 'pod.sock')
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    scene.defer(() => server.close())
    const { port } = await scene.gateway([{ endpoint: { socketPath, appProtocol: 'h2c' } }])
    expect((await scene.http2Client(port).ask()).body.toString()).toBe('unix')
  })

  it.each([
    ['speaks HTTP/1.1 alone', () => kept(createHttpServer((_, response) => response.end('no')))],
    ['takes no stream', () => refusingPod()],
    ['says nothing', () => kept(createTcpServer((socket) => socket.on('error', () => {}).resume()))],
  ])('that do not come to stand cost a request nothing: the pod %s', async (_what, start) => {
    const port = await start()
    const endpoint = { name: 'bad', host: '127.0.0.1', port, appProtocol: 'h2c' }
    const good = await scene.pod('h2c', async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      response.end(Buffer.concat(pieces))
    })
    const gateway = await scene.gateway(
      [{ endpoint }, good],
      { connectTimeoutMs: 300 },
      { placement: inOrder },
    )
    const answer = await scene
      .http2Client(gateway.port)
      .ask({ method: 'POST', headers: { [KEY]: 'k' }, body: [Buffer.from('whole')] })
    expect(answer.body.toString()).toBe('whole')
    expect(gateway.routing.kinds).toEqual(['bound', 'moved'])
  })

  it('are of HTTP/1.1 where the pod chooses that by ALPN', async () => {
    let requests = 0
    const server = createHttpsServer({ key: LOCALHOST, cert: LOCALHOST }, (request, response) => {
      requests++
      response.end(request.httpVersion)
    })
    scene.defer(() => server.closeAllConnections())
    scene.defer(() => server.close())
    const port = await listen(server)
    const { port: at, routing } = await scene.gateway([{ endpoint: `h2://127.0.0.1:${port}` as never }])
    const client = scene.http2Client(at)
    const answers = await Promise.all(many(10, () => client.ask()))
    expect(answers.map(({ body }) => body.toString())).toEqual(many(10, () => '1.1'))
    expect((await client.ask()).body.toString()).toBe('1.1')
    expect(requests).toBe(11)
    await routing.idle()
  })

  it('are of HTTP/1.1 for an upgrade', async () => {
    const server = createSecureServer({ key: LOCALHOST, cert: LOCALHOST, allowHTTP1: true })
    server.on('request', ok as never)
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nswitched')
    })
    scene.defer(() => server.close())
    const port = await listen(server)
    const { port: at } = await scene.gateway([{ endpoint: `h2://127.0.0.1:${port}` as never }])
    expect((await scene.http2Client(at).ask()).body.toString()).toBe('ok')
    expect(await upgraded(at)).toBe('switched')
  })

  it('end idle by GOAWAY when forward() is closed', async () => {
    const { pod, client, gateway } = await served(ok)
    await client.ask()
    const [session] = pod.sessions
    let code: number | undefined
    session?.on('goaway', (given) => {
      code = given
    })
    await gateway.routing.idle()
    await gateway.proxy.close()
    await until(() => pod.sessions.size === 0)
    expect(code).toBe(constants.NGHTTP2_NO_ERROR)
  })

  it('are not kept with keepAliveMs 0', async () => {
    const { pod, client } = await served(ok, { keepAliveMs: 0 })
    await client.ask()
    await until(() => pod.sessions.size === 0)
    await client.ask()
    expect(pod.connections).toBe(2)
  })
})

describe('streams that a pod has not looked at', () => {
  it.each([
    ['GET', undefined],
    ['POST', [Buffer.from('small')]],
  ])('are sent again when it refused them: %s', async (method, body) => {
    let refused = 0
    const bodies: string[] = []
    const { client } = await served(async (request, response) => {
      if (refused++ < 1) return void response.stream?.close(constants.NGHTTP2_REFUSED_STREAM)
      let text = ''
      for await (const piece of request) text += piece
      bodies.push(text)
      response.end('ok')
    })
    const answer = await client.ask({ method, headers: { [KEY]: 'k' }, ...(body && { body }) })
    expect(answer.body.toString()).toBe('ok')
    expect(bodies).toEqual([body ? 'small' : ''])
  })

  it('are not sent again once more of the body was sent than is kept', async () => {
    let requests = 0
    const { client } = await served(async (request, response) => {
      requests++
      let length = 0
      request.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > 100_000) response.stream?.close(constants.NGHTTP2_REFUSED_STREAM)
      })
    })
    const answer = await client.ask({ method: 'POST', body: bodyPieces(200_000) })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream-reset'])
    expect(requests).toBe(1)
  })

  it('are not lost when it ends its connections under load', async () => {
    let answered = 0
    const { pod, client, gateway } = await served(async (request, response) => {
      let text = ''
      for await (const piece of request) text += piece
      answered++
      response.end(text)
    })
    const statuses: number[] = []
    const one = async (index: number) => {
      const isPost = index % 2 === 0
      const { status, body } = await client.ask(
        isPost ? { method: 'POST', body: [Buffer.from(`b${index}`)] } : {},
      )
      statuses.push(status)
      expect(body.toString()).toBe(isPost ? `b${index}` : '')
    }
    for (let round = 0; round < 20; round++) {
      const asked = many(20, one)
      await until(() => pod.sessions.size > 0)
      for (const session of pod.sessions) session.close()
      await Promise.all(asked)
    }
    expect(statuses).toEqual(many(400, () => 200))
    expect(answered).toBe(400)
    expect(pod.connections).toBeGreaterThan(1)
    await gateway.routing.idle()
  })

  it.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ])('are told by the last id of a GOAWAY with %s', async (_what, code) => {
    const heads: [number, RawConnection][] = []
    const { pod, client, gateway } = await rawServed((stream, connection, type) => {
      if (type !== FRAME.headers) return
      if (pod.connections.length === 1) heads.push([stream, connection])
      else connection.send(okHead(stream, END_STREAM))
    })
    const asked = many(3, () => client.ask({ method: 'POST', body: [Buffer.from('x')] }))
    await until(() => heads.length === 3)
    const [first, connection] = heads[0] as [number, RawConnection]
    connection.send(goawayFrame(first, code))
    if (code === constants.NGHTTP2_NO_ERROR) connection.send(okHead(first, END_STREAM))
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort()
    // Of the one that was looked at nobody knows what became of it, where the connection ends with an error.
    expect(statuses).toEqual(code === constants.NGHTTP2_NO_ERROR ? [200, 200, 200] : [200, 200, 502])
    expect(pod.connections.length).toBe(2)
    await gateway.routing.idle()
  })
})

describe('responses of a pod of HTTP/2', () => {
  it('without a body keep their form: a head alone ends the stream', async () => {
    const { client } = await served((_, response) => {
      ;(response.stream as ServerHttp2Stream).respond(
        { 'content-type': 'application/grpc', 'grpc-status': '5' },
        { endStream: true },
      )
    })
    const stream = client.open({ ':path': '/', 'content-type': 'application/grpc', te: 'trailers' })
    const flags = new Promise((resolve) => stream.once('response', (_, given) => resolve(given)))
    const { headers } = await readStream(stream)
    expect(headers['grpc-status']).toBe('5')
    expect(Number(await flags) & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0)
  })

  it.each([
    ['PROTOCOL_ERROR', constants.NGHTTP2_PROTOCOL_ERROR, 'upstream-malformed'],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, 'upstream-reset'],
    ['CANCEL', constants.NGHTTP2_CANCEL, 'upstream-reset'],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR, 'upstream-reset'],
  ])('that are %s instead', async (_what, code, expected) => {
    const { client, gateway } = await rawServed((stream, connection, type) => {
      if (type === FRAME.headers) connection.send(rstFrame(stream, code))
    })
    const answer = await client.ask({ method: 'POST', body: [Buffer.from('x')] })
    expect([answer.status, codeOf(answer)]).toEqual([502, expected])
    await gateway.routing.idle()
  })

  it.each([
    [
      'names in upper case',
      (id: number) => [
        headersFrame(id, END_STREAM, [
          [':status', '200'],
          ['X-A', '1'],
        ]),
      ],
    ],
    ['no status', (id: number) => [headersFrame(id, END_STREAM, [['x-a', '1']])]],
    [
      'fields of the connection',
      (id: number) => [
        headersFrame(id, END_STREAM, [
          [':status', '200'],
          ['connection', 'x'],
        ]),
      ],
    ],
    ['a status of 101', (id: number) => [headersFrame(id, 0, [[':status', '101']])]],
    [
      'two lengths',
      (id: number) => [
        headersFrame(id, 0, [
          [':status', '200'],
          ['content-length', '1'],
          ['content-length', '2'],
        ]),
      ],
    ],
    ['data before the head', (id: number) => [frame(FRAME.data, END_STREAM, id, Buffer.from('x'))]],
    [
      'a head over the limit',
      (id: number) => [
        headersFrame(id, END_STREAM, [
          [':status', '200'],
          ['x', 'a'.repeat(9_000)],
          ['y', 'b'.repeat(9_000)],
        ]),
      ],
    ],
    [
      'more interim responses than anybody sends',
      (id: number) => many(40, () => headersFrame(id, 0, [[':status', '103']])),
    ],
    ['frames of no kind', () => [Buffer.from('HTTP/1.1 200 OK\r\n\r\nhow did we come here')]],
  ])('with %s are malformed', async (_what, frames) => {
    const { client, gateway } = await rawServed((stream, connection, type) => {
      if (type === FRAME.headers) connection.send(...frames(stream))
    })
    const answer = await client.ask({ method: 'POST', body: [Buffer.from('x')] })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream-malformed'])
    await gateway.routing.idle()
  })

  it('lose a field whose value holds a line end', async () => {
    const { client } = await rawServed((stream, connection, type) => {
      if (type !== FRAME.headers) return
      connection.send(
        headersFrame(stream, END_STREAM, [
          [':status', '200'],
          ['x-a', 'a\r\nb: c'],
          ['x-b', '1'],
        ]),
      )
    })
    const { headers } = await client.ask()
    expect([headers['x-a'], headers.b, headers['x-b']]).toEqual([undefined, undefined, '1'])
  })

  it.each([
    ['shorter than their length', (id: number) => frame(FRAME.data, END_STREAM, id, Buffer.from('half'))],
    ['longer than their length', (id: number) => frame(FRAME.data, END_STREAM, id, Buffer.alloc(20))],
  ])('%s are cut', async (_what, data) => {
    const { client } = await rawServed((stream, connection, type) => {
      if (type !== FRAME.headers) return
      connection.send(
        headersFrame(stream, 0, [
          [':status', '200'],
          ['content-length', '10'],
        ]),
        data(stream),
      )
    })
    expect(
      await client.ask().then(
        ({ isComplete }) => isComplete,
        () => false,
      ),
    ).toBe(false)
  })

  it.each([
    ['with RST_STREAM behind them', true],
    ['without', false],
  ])('that come early end the upload, %s', async (_what, resets) => {
    const answered = new Set<number>()
    const { client, gateway } = await rawServed((stream, connection, type) => {
      if (type !== FRAME.data || answered.has(stream)) return
      answered.add(stream)
      connection.send(
        headersFrame(stream, 0, [[':status', '413']]),
        frame(FRAME.data, END_STREAM, stream, Buffer.from('too much')),
        ...(resets ? [rstFrame(stream, constants.NGHTTP2_NO_ERROR)] : []),
      )
    })
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    const progress = pour(stream, 64 * 1024 * 1024)
    const { status, body, isComplete } = await readStream(stream)
    expect([status, body.toString(), isComplete]).toEqual([413, 'too much', true])
    expect(progress.sent).toBeLessThan(64 * 1024 * 1024)
    await gateway.routing.idle()
  })

  it.each([
    ['stream', rstFrame(1, constants.NGHTTP2_NO_ERROR)],
    ['connection', undefined],
  ])('that have come whole reach a client that reads late, though the %s is over', async (_what, reset) => {
    const body = Buffer.concat([...bodyPieces(12 * 16_384)])
    let hasAnswered = false
    const { client, gateway } = await rawServed((stream, connection, type) => {
      if (type !== FRAME.data || hasAnswered) return
      hasAnswered = true
      const frames = many(12, (i) =>
        frame(FRAME.data, i === 11 ? END_STREAM : 0, stream, body.subarray(i * 16_384, (i + 1) * 16_384)),
      )
      connection.send(okHead(stream, 0), ...frames, ...(reset ? [reset] : []))
      if (!reset) connection.socket.end()
    })
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    const progress = pour(stream, 64 * 1024 * 1024)
    await new Promise((resolve) => stream.once('response', resolve))
    await atRest(progress)
    const pieces: Buffer[] = []
    for await (const piece of stream) pieces.push(piece)
    expect(Buffer.concat(pieces).equals(body)).toBe(true)
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR)
    await gateway.routing.idle()
  })

  it('that nobody reads hold their own pod back, and no other stream of the connection', async () => {
    const FLOOD = 32 * 1024 * 1024
    let progress = { sent: 0 }
    const { pod, client, gateway } = await served((request, response) => {
      if (request.url === '/flood') progress = pour(response, FLOOD)
      else response.end(Buffer.concat([...bodyPieces(1024 * 1024)]))
    })
    const stream = client.open({ ':path': '/flood' })
    await new Promise((resolve) => stream.once('response', resolve))
    expect(await atRest(progress)).toBeLessThan(FLOOD / 16)
    const other = scene.client('h1', gateway.port)
    expect(digest([(await other.ask()).body])).toBe(digest(bodyPieces(1024 * 1024)))
    expect(pod.connections).toBe(1)
    stream.close(constants.NGHTTP2_CANCEL)
  })
})

/** Asks for an upgrade over HTTP/1.1; answers what came behind the head. */
async function upgraded(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: LOCALHOST, ALPNProtocols: ['http/1.1'] })
  scene.defer(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  let text = ''
  for await (const piece of socket) text += piece
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
