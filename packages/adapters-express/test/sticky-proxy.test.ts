import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSticky, header, StickyError } from '@limpet/core'
import express from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, it } from 'vitest'
import { clientAddress, sticky, stickyProxy } from '../src/index.ts'
import { isUnder, withoutMountPath } from '../src/mount-path.ts'
import { startExpress } from './start-express.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  return (server.address() as AddressInfo).port
}

/** A pool of one pod that answers the headers and target it got. */
async function pool() {
  const port = await listen(
    createServer((asked, response) => {
      asked.resume().on('end', () => response.end(JSON.stringify({ url: asked.url, headers: asked.headers })))
    }),
  )
  const made = createSticky({ key: header('x'), endpoints: [`http://127.0.0.1:${port}`] })
  closers.push(() => made.close())
  return made
}

function ask(port: number, path = '/', headers: Record<string, string> = {}, body?: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const sent = request(
      { port, host: '127.0.0.1', path, method, headers: { x: 'k', ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const)('stickyProxy() on %s', (_version, create) => {
  it('hands a consumed body to the error handler at once, as a named error', async () => {
    const errors: unknown[] = []
    const app = create()
    const proxy = stickyProxy(await pool())
    app.use(express.json(), proxy)
    app.use(
      (
        error: unknown,
        _request: unknown,
        response: { status(code: number): { end(): void } },
        _next: unknown,
      ) => {
        errors.push(error)
        response.status(599).end()
      },
    )
    const port = await listen(createServer(app))
    expect((await ask(port, '/', JSON_TYPE, '{}')).status).toBe(599)
    expect(errors[0]).toBeInstanceOf(StickyError)
    expect(errors[0]).toMatchObject({ code: 'body-consumed' })
    expect((await ask(port)).status).toBe(200)
  })

  it.each([
    ['stripped', '/1?q'],
    ['original', '/chat/1?q'],
  ] as const)('sends the %s target', async (path, url) => {
    const gateway = await startExpress(create, await pool(), { mountPath: '/chat', path })
    closers.push(() => gateway.close())
    expect(JSON.parse((await ask(gateway.port, '/chat/1?q')).text).url).toBe(url)
  })

  it.each([
    [false, undefined, '127.0.0.1'],
    ['loopback', undefined, '1.2.3.4, 127.0.0.1'],
    ['loopback', ['10.0.0.0/8'], '127.0.0.1'],
  ] as const)(
    'with trust proxy %s and trustedProxies %j tells the pod of %s',
    async (trust, trustedProxies, told) => {
      const gateway = await startExpress(
        create,
        await pool(),
        trustedProxies ? { trustedProxies } : {},
        (app) => {
          app.set('trust proxy', trust)
        },
      )
      closers.push(() => gateway.close())
      const { text } = await ask(gateway.port, '/', { 'X-Forwarded-For': '1.2.3.4' })
      expect(JSON.parse(text).headers['x-forwarded-for']).toBe(told)
    },
  )

  it('refuses bad options', async () => {
    const routing = await pool()
    expect(() => stickyProxy(routing, { mountPath: '/chat/' })).toThrow('option "stickyProxy.mountPath"')
    expect(() => stickyProxy(routing, { path: 'full' as never })).toThrow('option "stickyProxy.path"')
    expect(() => stickyProxy(routing, { timeout: 1 } as never)).toThrow('option "forward.timeout" is unknown')
  })
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const)('sticky() on %s', (_version, create) => {
  it('puts the route on the request and ends the lease with the response', async () => {
    const routing = await pool()
    const app = create()
    app.use(sticky(routing), (asked: express.Request, response: express.Response) => {
      response.json({ kind: asked.sticky?.kind, inFlight: routing.inFlight })
    })
    const port = await listen(createServer(app))
    expect(JSON.parse((await ask(port)).text)).toEqual({ kind: 'bound', inFlight: 1 })
    expect(JSON.parse((await ask(port)).text)).toEqual({ kind: 'stuck', inFlight: 1 })
    await expect.poll(() => routing.inFlight).toBe(0)
  })

  it('ends the lease when the client goes away', async () => {
    const routing = await pool()
    const app = create()
    const arrived = Promise.withResolvers<void>()
    app.use(sticky(routing), () => arrived.resolve())
    const port = await listen(createServer(app))
    const sent = request({ port, host: '127.0.0.1', headers: { x: 'k' } }).on('error', () => undefined)
    sent.end()
    await arrived.promise
    expect(routing.inFlight).toBe(1)
    sent.destroy()
    await expect.poll(() => routing.inFlight).toBe(0)
  })

  it.each([
    ['answer', 503, 'no-endpoints'],
    ['next', 200, 'left to me'],
  ] as const)('leaves a refused route as told: %s', async (onRefused, status, words) => {
    const app = create()
    const routing = createSticky({ key: header('x'), endpoints: [] })
    closers.push(() => routing.close())
    app.use(sticky(routing, { onRefused }), (_request: express.Request, response: express.Response) => {
      response.send('left to me')
    })
    const answer = await ask(await listen(createServer(app)))
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(words)
  })

  it('recognises a client by req.ip', async () => {
    const app = create()
    app.set('trust proxy', true)
    app.get('/', (asked: express.Request, response: express.Response) => {
      response.send(clientAddress().read(asked))
    })
    const port = await listen(createServer(app))
    expect((await ask(port, '/', { 'x-forwarded-for': '1.2.3.4' })).text).toBe('1.2.3.4')
  })
})

it('type-checks as middleware of Express 4 too', async () => {
  const routing = await pool()
  expect(() => express4().use('/a', sticky(routing), stickyProxy(routing))).not.toThrow()
})

describe('a mount path', () => {
  it.each([
    ['/chat', true, '/'],
    ['/chat/1', true, '/1'],
    ['/chat?q', true, '/?q'],
    ['/chats', false, '/chats'],
    ['/', false, '/'],
  ])('of /chat: %s lies under it: %s', (target, under, stripped) => {
    expect(isUnder(target, '/chat')).toBe(under)
    expect(withoutMountPath(target, '/chat')).toBe(stripped)
  })
})
