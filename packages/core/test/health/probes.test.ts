import { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { Endpoint, EndpointInit } from '../../src/endpoint/endpoint.ts'
import { type EndpointSet, endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { HealthCheck } from '../../src/health/health-check.ts'
import { HealthChecks } from '../../src/health/health-checks.ts'
import { type HttpCheckOptions, httpCheck, tcpCheck } from '../../src/health/index.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { closedPort, type RawServer, rawServer } from '../support/raw-server.ts'
import { selfSigned } from '../support/self-signed.ts'

const webSet = (port: number, changes: Partial<EndpointInit> = {}): EndpointSet =>
  endpointSet([{ name: 'web-0', host: '127.0.0.1', port, ...changes }])
const web = (port: number, changes: Partial<EndpointInit> = {}) =>
  webSet(port, changes).endpoints[0] as Endpoint

const probe = (check: HealthCheck, endpoint: Endpoint) => check.probe(endpoint, new AbortController().signal)

/** A pod that answers each request with this text. */
const answering = (text: string): Promise<RawServer> =>
  rawServer((socket) => socket.once('data', () => socket.write(text)))

const status = (code: number) => `HTTP/1.1 ${code} X\r\nContent-Length: 0\r\n\r\n`

describe('tcpCheck()', () => {
  it('passes where a connection is accepted, and closes it', async () => {
    await using server = await rawServer((socket) => socket.resume())
    await probe(tcpCheck(), web(server.port))
    await server.closed(1)
  })

  it('fails where it is refused, and says so', async () => {
    const port = await closedPort()
    await expect(probe(tcpCheck(), web(port))).rejects.toMatchObject({
      name: 'StickyError',
      code: 'check-failed',
      message: `tcp of web-0 at 127.0.0.1:${port}: expected a connection, got ECONNREFUSED`,
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('asks at the port it was given', async () => {
    await using server = await rawServer((socket) => socket.resume())
    await probe(tcpCheck({ port: server.port }), web(1))
  })

  it('does not even connect when the check is over before it began', async () => {
    await expect(tcpCheck().probe(web(1), AbortSignal.abort())).rejects.toMatchObject({
      code: 'check-failed',
    })
  })

  it('ends at once when it is aborted while it connects', async () => {
    await using server = await rawServer((socket) => socket.resume())
    const abort = new AbortController()
    const asked = tcpCheck().probe(web(server.port), abort.signal)
    abort.abort()
    await expect(asked).rejects.toThrow('expected a connection, got an abort')
  })
})

describe('httpCheck()', () => {
  it.each([
    ['200 by default', 200, {}],
    ['302, which it does not follow', 302, {}],
    ['what was expected', 418, { expectedStatus: [418] }],
    ['what a function takes', 503, { expectedStatus: (code: number) => code === 503 }],
  ])('passes on %s', async (_what, code, options: HttpCheckOptions) => {
    await using server = await answering(status(code))
    await probe(httpCheck(options), web(server.port))
    await server.closed(1)
  })

  it('fails on another status, and says what was expected and what came', async () => {
    await using server = await answering(status(503))
    await expect(probe(httpCheck({ path: '/healthz' }), web(server.port))).rejects.toMatchObject({
      code: 'check-failed',
      message: `GET /healthz of web-0 at 127.0.0.1:${server.port}: expected a status of 200-399, got 503`,
    })
    await server.closed(1)
  })

  it('fails where the function that looks at the status throws, and the process lives', async () => {
    await using server = await answering(status(200))
    const cause = new Error('bug')
    const expectedStatus = () => {
      throw cause
    }
    await expect(probe(httpCheck({ expectedStatus }), web(server.port))).rejects.toMatchObject({
      code: 'check-failed',
      message: expect.stringContaining('got 200, and an error of expectedStatus'),
      cause,
    })
    await server.closed(1)
  })

  it('asks for what it was told to, on a connection of its own', async () => {
    let head = ''
    await using server = await rawServer((socket) =>
      socket.on('data', (chunk) => {
        head = chunk.toString('latin1')
        socket.write(status(204))
      }),
    )
    const check = httpCheck({
      path: '/ready?deep=1',
      method: 'HEAD',
      host: 'shop.example',
      headers: { 'X-Probe': 'limpet' },
      port: server.port,
    })
    await probe(check, web(1))
    await server.closed(1)
    expect(head.toLowerCase().split('\r\n')).toEqual(
      expect.arrayContaining([
        'head /ready?deep=1 http/1.1',
        'host: shop.example',
        'x-probe: limpet',
        'connection: close',
      ]),
    )
  })

  it('names the endpoint as host unless told otherwise', async () => {
    let head = ''
    await using server = await rawServer((socket) =>
      socket.on('data', (chunk) => {
        head = chunk.toString('latin1')
        socket.write(status(200))
      }),
    )
    await probe(httpCheck(), web(server.port))
    expect(head).toContain(`Host: 127.0.0.1:${server.port}\r\n`)
  })

  it('passes at the head of an answer that never ends, and closes the connection', async () => {
    await using server = await rawServer((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        const fill = () => {
          while (!socket.destroyed && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`));
        }
        socket.on('drain', fill)
        fill()
      }),
    )
    await probe(httpCheck(), web(server.port))
    await server.closed(1)
  })

  it('waits for the answer behind informational ones', async () => {
    await using server = await answering(`HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${status(500)}`)
    await expect(probe(httpCheck(), web(server.port))).rejects.toThrow('got 500')
  })

  it('takes switched protocols for the status that they are', async () => {
    await using server = await answering('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello')
    await expect(probe(httpCheck(), web(server.port))).rejects.toThrow('got 101')
    await server.closed(1)
  })

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9\r\n', 'HPE_INVALID_CONSTANT'],
    ['a head over the limit', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['two different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'HPE_'],
  ])('fails on %s', async (_what, text, words) => {
    await using server = await answering(text)
    await expect(probe(httpCheck(), web(server.port))).rejects.toThrow(words)
    await server.closed(1)
  })

  it('fails where the connection is refused', async () => {
    await expect(probe(httpCheck(), web(await closedPort()))).rejects.toThrow('got ECONNREFUSED')
  })

  it('fails where the connection is reset, or ended without an answer', async () => {
    await using resets = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    await expect(probe(httpCheck(), web(resets.port))).rejects.toMatchObject({ code: 'check-failed' })
    await using ends = await rawServer((socket) => socket.once('data', () => socket.end()))
    await expect(probe(httpCheck(), web(ends.port))).rejects.toMatchObject({
      code: 'check-failed',
      message: expect.stringContaining('ECONNRESET'),
    })
  })

  it.each(['endpoint', 'option'])(
    'speaks TLS where the %s says https:, and names the host it asks for',
    async (by) => {
      const hello = Promise.withResolvers<Buffer>()
      await using server = await rawServer((socket) => {
        socket.once('data', (chunk) => {
          hello.resolve(chunk)
          socket.write('no TLS')
        })
      })
      const check = httpCheck({ host: 'shop.example', ...(by === 'option' ? { protocol: 'https:' } : {}) })
      const endpoint = web(server.port, { protocol: by === 'option' ? 'http:' : 'https:' })
      await expect(probe(check, endpoint)).rejects.toMatchObject({ code: 'check-failed' })
      const record = await hello.promise
      // A TLS record of type handshake (RFC 8446, 5.1), with the name in the clear.
      expect(record[0]).toBe(22)
      expect(record.includes('shop.example')).toBe(true)
      await server.closed(1)
    },
  )

  it.each<[string, (cert: string) => HttpCheckOptions, string]>([
    ['passes with a CA and the name of the certificate', (ca) => ({ host: 'shop.example', tls: { ca } }), ''],
    ['passes with a servername of its own', (ca) => ({ tls: { ca, servername: 'shop.example' } }), ''],
    ['passes unverified if told so', () => ({ tls: { rejectUnauthorized: false } }), ''],
    ['fails without the CA', () => ({ host: 'shop.example' }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [
      'fails under another name',
      (ca) => ({ host: 'bank.example', tls: { ca } }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('over TLS %s, and closes the connection', async (_what, options, words) => {
    const { cert, key } = selfSigned('shop.example')
    await using server = await rawServer((raw) => {
      const socket = new TLSSocket(raw, { isServer: true, cert, key })
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(status(200)))
    })
    const asked = probe(httpCheck(options(cert)), web(server.port, { protocol: 'https:' }))
    if (words === '') await asked
    else await expect(asked).rejects.toMatchObject({ code: 'check-failed', cause: { code: words } })
    await server.closed(1)
  })

  it('ends when it is aborted within the TLS handshake', async () => {
    const hello = Promise.withResolvers<void>()
    await using server = await rawServer((socket) => socket.once('data', () => hello.resolve()))
    const abort = new AbortController()
    const asked = httpCheck().probe(web(server.port, { protocol: 'https:' }), abort.signal)
    await hello.promise
    abort.abort()
    await expect(asked).rejects.toThrow('got an abort')
    await server.closed(1)
  })

  it('does not even connect when the check is over before it began', async () => {
    await expect(httpCheck().probe(web(1), AbortSignal.abort())).rejects.toThrow('got an abort')
  })

  it('ends when it is aborted while it connects', async () => {
    await using server = await rawServer((socket) => socket.resume())
    const abort = new AbortController()
    const asked = httpCheck().probe(web(server.port), abort.signal)
    abort.abort()
    await expect(asked).rejects.toThrow('got an abort')
  })

  it.each([
    ['says nothing', ''],
    ['stops within the status line', 'HTTP/1.1 20'],
    ['stops within the head', 'HTTP/1.1 200 OK\r\nX-Slow: 1\r\n'],
    ['only promises an answer', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('of a pod that accepts and %s ends with the timeout and leaves no socket', async (_what, text) => {
    const got = Promise.withResolvers<void>()
    await using server = await rawServer((socket) =>
      socket.once('data', () => {
        socket.write(text, () => got.resolve())
      }),
    )
    const clock = fakeClock()
    const failing = Promise.withResolvers<unknown>()
    const checks = new HealthChecks(httpCheck({ timeoutMs: 700 }), {
      clock,
      random: () => 0.5,
      changed: (_identity, verdict, reason) => failing.resolve([verdict, reason]),
    })
    checks.update(webSet(server.port))
    clock.advance(0)
    await got.promise
    clock.advance(699)
    expect(server.open).toBe(1)
    clock.advance(1)
    expect(await failing.promise).toMatchObject(['failing', { code: 'check-failed' }])
    await server.closed(1)
    checks.close()
    expect(clock.pending).toBe(0)
  })
})
