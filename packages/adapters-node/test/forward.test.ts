import { Agent, createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { createSticky, header, type Routing } from '@limpet/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type ForwardOptions, forward } from '../src/index.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listening<S extends Server | ReturnType<typeof createTcpServer>>(server: S): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A pod that does with each connection what the script says. */
function rawPod(script: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0
  return listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      closers.push(() => socket.destroy())
      script(socket, ++count)
    }),
  )
}

async function gateway(pods: readonly number[] | Routing, options: ForwardOptions = {}) {
  const isRouting = 'route' in pods
  const routing = isRouting
    ? pods
    : createSticky({ key: header('x'), endpoints: pods.map((port) => `http://127.0.0.1:${port}`) })
  const proxy = forward(routing, options)
  const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
  const port = await listening(server)
  const agent = new Agent({ keepAlive: true })
  closers.push(
    () => proxy.close(),
    () => agent.destroy(),
    () => server.closeAllConnections(),
  )
  const ask = (method = 'GET', body?: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', method, agent, headers: { x: 'k' } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { ask, port, routing, proxy }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('forward() on kept connections', () => {
  it('sends a GET again when the pod closed the kept connection in that moment, to the same pod', async () => {
    let connections = 0
    const pod = await rawPod((socket, count) => {
      connections = count
      let requests = 0
      socket.on('data', () => (++requests === 2 ? socket.destroy() : socket.write(OK)))
    })
    const { ask } = await gateway([pod])
    expect((await ask()).status).toBe(200)
    expect((await ask()).status).toBe(200)
    expect(connections).toBe(2)
  })

  it('does not send a POST again', async () => {
    let requests = 0
    const pod = await rawPod((socket) => {
      socket.on('data', () => (++requests === 2 ? socket.destroy() : socket.write(OK)))
    })
    const { ask } = await gateway([pod])
    await ask('GET')
    const answer = await ask('POST', 'body')
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body).code).toBe('upstream-reset')
    expect(requests).toBe(2)
  })

  it('drops a connection on which the pod speaks without being asked', async () => {
    let connections = 0
    const pod = await rawPod((socket, count) => {
      connections = count
      socket.on('data', () => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`))
    })
    const { ask } = await gateway([pod])
    expect((await ask()).body).toBe('ok')
    expect((await ask()).body).toBe('ok')
    expect(connections).toBe(2)
  })

  it('keeps one connection for requests one after another', async () => {
    let connections = 0
    const pod = await rawPod((socket, count) => {
      connections = count
      socket.on('data', () => socket.write(OK))
    })
    const { ask } = await gateway([pod])
    for (let i = 0; i < 5; i++) await ask()
    expect(connections).toBe(1)
  })
})

describe('forward() with movedHeader', () => {
  /** A routing whose answer is of this kind, and the pod behind it, which answers with the moved header that it got. */
  async function routed(kind: string, cause: unknown, options: ForwardOptions) {
    const server = createServer((request, response) => {
      response.end(JSON.stringify(request.headers['x-limpet-moved'] ?? null))
    })
    server.on('upgrade', (request, socket: Socket) => {
      closers.push(() => socket.destroy())
      const said = JSON.stringify(request.headers['x-limpet-moved'] ?? null)
      socket.write(`HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\nX-Said: ${said}\r\n\r\n`)
    })
    const endpoint = { identity: 'p', host: '127.0.0.1', port: await listening(server), protocol: 'http:' }
    const lease = { kind, cause, endpoint, settle: () => undefined, done: () => undefined }
    return gateway({ route: () => lease, close: async () => undefined } as never, options)
  }

  /** What the pod got on an ordinary request, and on an upgrade. */
  async function said(kind: string, cause: unknown, options: ForwardOptions) {
    const { port } = await routed(kind, cause, options)
    const headers = { 'x-limpet-moved': 'forged' }
    const plain = new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent: false, headers }, (response) => {
        response.on('data', (body: Buffer) => resolve(JSON.parse(body.toString())))
      })
        .on('error', reject)
        .end()
    })
    const upgrade = new Promise((resolve, reject) => {
      request({
        port,
        host: '127.0.0.1',
        agent: false,
        headers: { ...headers, connection: 'upgrade', upgrade: 'x' },
      })
        .on('upgrade', (response, socket) => {
          socket.destroy()
          resolve(JSON.parse(String(response.headers['x-said'])))
        })
        .on('error', reject)
        .end()
    })
    return Promise.all([plain, upgrade])
  }

  it.each([
    ['a moved route its cause', 'moved', 'terminated', 'terminated'],
    ['a moved route of another routing, whose cause is none', 'moved', 'a\r\nb: c', 'unknown'],
    ['any other route nothing', 'stuck', undefined, null],
    ['a detour nothing', 'detour', 'gone', null],
  ])('tells the pod on %s, also on an upgrade', async (_what, kind, cause, expected) => {
    expect(await said(kind, cause, { movedHeader: true })).toEqual([expected, expected])
  })

  it('is off by default', async () => {
    expect(await said('moved', 'gone', {})).toEqual(['forged', 'forged'])
  })
})

describe('forward() in time', () => {
  it('answers 504 when the pod is silent, and closes the connection', async () => {
    let closed: Promise<unknown> | undefined
    const pod = await rawPod((socket) => {
      closed = new Promise((resolve) => socket.on('close', resolve))
      socket.resume()
    })
    const { ask } = await gateway([pod], { responseTimeoutMs: 50 })
    const { status, body } = await ask()
    expect([status, JSON.parse(body).code]).toEqual([504, 'upstream-timeout'])
    await closed
  })

  it('cuts the client when the pod stops within its answer', async () => {
    const pod = await rawPod((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
    })
    const { ask } = await gateway([pod], { idleTimeoutMs: 50 })
    await expect(ask()).rejects.toThrow('aborted')
  })

  it('cuts a client that stops reading, and the pod with it', async () => {
    let podClosed: Promise<unknown> | undefined
    const pod = await rawPod((socket) => {
      podClosed = new Promise((resolve) => socket.on('close', resolve))
      const chunk = Buffer.alloc(65_536)
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        const fill = () => {
          while (!socket.destroyed && socket.write(chunk));
        }
        socket.on('drain', fill)
        fill()
      })
    })
    const { port } = await gateway([pod], { idleTimeoutMs: 100 })
    const client = connect(port, '127.0.0.1')
    closers.push(() => client.destroy())
    client.on('error', () => undefined)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await new Promise((resolve) => client.once('readable', resolve))
    await podClosed
  })

  it('answers 408 when the client stops within its body', async () => {
    const pod = await rawPod((socket) => socket.resume())
    const { port } = await gateway([pod], { responseTimeoutMs: 50 })
    const client = connect(port, '127.0.0.1')
    closers.push(() => client.destroy())
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
    const [first] = (await new Promise<Buffer>((resolve) => client.once('data', resolve)))
      .toString()
      .split('\r\n')
    expect(first).toBe('HTTP/1.1 408 Request Timeout')
  })
})

describe('forward() and its routing', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('answers 500 without details when the routing %s', async (_what, route) => {
    const { ask } = await gateway({ route, close: async () => undefined } as never)
    const { status, body } = await ask()
    expect(status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ code: 'handler-failed' })
    expect(body).not.toContain('secret')
  })

  it('ends the lease and the wait of a client that goes away while the route is awaited', async () => {
    let signal: AbortSignal | undefined
    let answer = (_route: unknown): void => undefined
    const asked = Promise.withResolvers<void>()
    const { port } = await gateway({
      route: (_request: unknown, options: { signal: AbortSignal }) => {
        signal = options.signal
        asked.resolve()
        return new Promise((resolve) => {
          answer = resolve
        })
      },
      close: async () => undefined,
    } as never)
    const client = connect(port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await asked.promise
    const aborted = new Promise((resolve) => signal?.addEventListener('abort', resolve))
    client.destroy()
    await aborted
    const done = Promise.withResolvers<void>()
    answer({ kind: 'bound', endpoint: {}, done: done.resolve })
    await done.promise
  })

  it('lets go of a pod that it is still connecting to when the client goes away', async () => {
    const accepted = Promise.withResolvers<Socket>()
    // Never answers the handshake of TLS.
    const pod = await listening(createTcpServer((socket) => accepted.resolve(socket.resume())))
    const pool = createSticky({ key: header('x'), endpoints: [`https://127.0.0.1:${pod}`] })
    const { port } = await gateway(pool, { connectTimeoutMs: 60_000 })
    const client = connect(port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const socket = await accepted.promise
    client.destroy()
    await new Promise((resolve) => socket.on('close', resolve))
    expect(pool.stats().inFlight).toBe(0)
  })

  it('refuses new requests after close, and closes twice', async () => {
    const pod = await rawPod((socket) => socket.on('data', () => socket.write(OK)))
    const { ask, proxy } = await gateway([pod])
    await ask()
    await proxy.close()
    await proxy.close()
    expect((await ask()).status).toBe(503)
  })
})
