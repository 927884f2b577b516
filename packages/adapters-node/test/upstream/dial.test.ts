import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { type EndpointInit, StickyError } from '@limpet/core'
import { expect, it, onTestFinished } from 'vitest'
import { endpointFrom } from '../../../core/src/endpoint/endpoint-init.ts'
import { selfSigned } from '../../../core/test/support/self-signed.ts'
import { refusingPort } from '../../src/testing/held-port.ts'
import { type DialOptions, dial } from '../../src/upstream/dial.ts'
import { listening } from '../wire.ts'

const POD = selfSigned('localhost')
const STRANGER = selfSigned('localhost')

/** What came of a dial, which is told once. */
async function dialled(
  init: EndpointInit | string,
  options: Partial<DialOptions> = {},
  alpn: readonly string[] = ['http/1.1'],
): Promise<Socket | StickyError> {
  const outcome = Promise.withResolvers<Socket | StickyError>()
  let count = 0
  const tell = (what: Socket | StickyError) => {
    count++
    outcome.resolve(what)
  }
  const caller = { connected: tell, failed: tell }
  const socket = dial(
    endpointFrom('pod', init),
    alpn,
    { connectTimeoutMs: 5_000, tls: {}, ...options },
    caller,
  )
  onTestFinished(() => void socket.destroy())
  const what = await outcome.promise
  if (what instanceof Socket) expect(what).toBe(socket)
  else {
    expect(socket.destroyed).toBe(true)
    // A second word would come with the events that follow.
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }
  expect(count).toBe(1)
  return what
}

/** A pod that speaks TLS. `asked`: the name that its first verified connection asked for. */
async function tlsPod() {
  const asked = Promise.withResolvers<string | false | null>()
  const server = createTlsServer({ ...POD, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    asked.resolve(socket.servername)
    socket.on('error', () => undefined).resume()
    onTestFinished(() => void socket.destroy())
  })
  server.on('tlsClientError', () => undefined)
  return { port: await listening(server as never), asked: asked.promise }
}

it('connects over TCP, half-open, without listeners', async () => {
  const port = await listening(createServer((socket) => socket.on('error', () => undefined).resume()))
  const socket = (await dialled(`http://127.0.0.1:${port}`)) as Socket
  expect(socket).toBeInstanceOf(Socket)
  expect(socket.allowHalfOpen).toBe(true)
  expect(socket.listenerCount('timeout') + socket.listenerCount('error')).toBe(0)
})

it('connects over a Unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.sock')
  const server = createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => void server.close())
  expect(await dialled(`unix:${path}`)).toBeInstanceOf(Socket)
  const none = await dialled(`unix:${join(folder, 'none.sock')}`)
  expect(none).toMatchObject({ code: 'connect-failed', cause: { code: 'ENOENT' } })
  expect((none as Error).message).toContain(`unix:${join(folder, 'none.sock')}`)
})

it('fails where nobody listens', async () => {
  const { port, release } = await refusingPort()
  onTestFinished(release)
  const error = await dialled(`http://127.0.0.1:${port}`)
  expect(error).toMatchObject({ code: 'connect-failed', cause: { code: 'ECONNREFUSED' } })
})

it('verifies a TLS pod by the CA, and asks it by its name', async () => {
  const { port, asked } = await tlsPod()
  const socket = (await dialled(`https://localhost:${port}`, { tls: { ca: POD.cert } })) as TLSSocket
  expect([socket.authorized, socket.alpnProtocol]).toEqual([true, 'http/1.1'])
  expect(await asked).toBe('localhost')
})

it('offers what it is told to by ALPN', async () => {
  const { port } = await tlsPod()
  const options = { tls: { ca: POD.cert } }
  const socket = (await dialled(`https://localhost:${port}`, options, ['h2', 'http/1.1'])) as TLSSocket
  expect(socket.alpnProtocol).toBe('h2')
})

it('asks for no name at an address', async () => {
  const { port, asked } = await tlsPod()
  const tls = { ca: POD.cert, checkServerIdentity: () => undefined }
  expect(await dialled(`https://127.0.0.1:${port}`, { tls })).toBeInstanceOf(Socket)
  expect(await asked).toBe(false)
})

it('asks for `servername`, and verifies that', async () => {
  const { port, asked } = await tlsPod()
  const tls = { ca: POD.cert, servername: 'localhost' }
  expect(await dialled(`https://127.0.0.1:${port}`, { tls })).toBeInstanceOf(Socket)
  expect(await asked).toBe('localhost')
  expect(await dialled(`https://127.0.0.1:${port}`, { tls: { ca: POD.cert } })).toMatchObject({
    code: 'connect-failed',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  })
})

it.each<[string, DialOptions['tls'], string]>([
  ['that nobody vouches for', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['of another CA', { ca: STRANGER.cert }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['of another name', { ca: POD.cert, servername: 'other' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
])('takes no certificate %s', async (_what, tls, code) => {
  const { port } = await tlsPod()
  expect(await dialled(`https://localhost:${port}`, { tls })).toMatchObject({
    code: 'connect-failed',
    cause: { code },
  })
})

it('fails at a pod that speaks no TLS, or closes at once', async () => {
  const plain = await listening(createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1')))
  expect(await dialled(`https://localhost:${plain}`)).toMatchObject({ code: 'connect-failed' })
  const closing = await listening(createServer((socket) => socket.destroy()))
  expect(await dialled(`https://localhost:${closing}`)).toMatchObject({ code: 'connect-failed' })
})

it('gives a handshake up that takes too long', async () => {
  const silent = await listening(createServer((socket) => socket.on('error', () => undefined).resume()))
  const error = await dialled(`https://localhost:${silent}`, { connectTimeoutMs: 50 })
  expect(error).toMatchObject({ code: 'connect-timeout' })
  expect((error as Error).message).toContain('50 ms (option "forward.connectTimeoutMs")')
})

it('fails, and does not throw, for TLS options that node refuses', async () => {
  const error = await dialled('https://localhost:1', { tls: { cert: 'none' } })
  expect(error).toBeInstanceOf(StickyError)
  expect(error).toMatchObject({ code: 'connect-failed' })
})

it('fails when it is destroyed meanwhile', async () => {
  const silent = await listening(createServer((socket) => socket.on('error', () => undefined).resume()))
  const told = Promise.withResolvers<StickyError>()
  const socket = dial(
    endpointFrom('pod', `https://localhost:${silent}`),
    [],
    { connectTimeoutMs: 5_000, tls: {} },
    { connected: () => told.reject(new Error('connected')), failed: told.resolve },
  )
  socket.destroy()
  expect(await told.promise).toMatchObject({ code: 'connect-failed' })
})
