import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { headersFrame, PREFACE, settingsFrame } from '../http2/support/frames.ts'
import { advanceUntil, CERTIFICATE, gatewayScene, http2Client, rawClient } from './scene.ts'

const TLS = { tls: CERTIFICATE }

interface Outcome {
  readonly status: number | undefined
  readonly body: string
  readonly code: number | undefined
}

/** A request, and how its stream ended. */
function ask(session: ClientHttp2Session, headers: Record<string, string> = {}) {
  const stream: ClientHttp2Stream = session.request({ ':path': '/', ...headers })
  let status: number | undefined
  let body = ''
  stream.on('error', () => undefined)
  stream.on('response', (head) => {
    status = head[':status']
  })
  stream.setEncoding('utf8').on('data', (text: string) => {
    body += text
  })
  const ended = new Promise<Outcome>((resolve) => {
    stream.once('close', () => resolve({ status, body, code: stream.rstCode }))
  })
  return { stream, ended }
}

const closed = (session: ClientHttp2Session) =>
  new Promise<void>((resolve) => session.once('close', () => resolve()))

describe('serve() over HTTP/2', () => {
  it('forwards streams beside each other, and ends them on close with GOAWAY after the last', async () => {
    const { clock, gateway, asked, pool } = await gatewayScene(TLS, 'when-told')
    const session = http2Client(gateway)
    const goaway = once(session, 'goaway')
    const first = ask(session)
    const heldFirst = await asked()
    const second = ask(session)
    const heldSecond = await asked()
    const bothClosed = Promise.all([gateway.close(), closed(session)])
    const [code, lastStream] = await goaway
    expect([code, lastStream]).toEqual([constants.NGHTTP2_NO_ERROR, second.stream.id])
    clock.advance(10_000)
    heldSecond.end('two')
    heldFirst.end('one')
    expect(await first.ended).toMatchObject({ status: 200, body: 'one' })
    expect(await second.ended).toMatchObject({ status: 200, body: 'two' })
    await bothClosed
    await expect.poll(() => [pool.inFlight, clock.pending], { timeout: 4_000 }).toEqual([0, 0])
  })

  it('sends GOAWAY in the second half of the delay, and serves those who come anew', async () => {
    const { clock, gateway } = await gatewayScene({ ...TLS, readinessDelayMs: 4_000 })
    const session = http2Client(gateway)
    expect((await ask(session).ended).body).toBe('ok')
    const ended = gateway.end()
    clock.advance(1_999)
    expect((await ask(session).ended).body).toBe('ok')
    const goes = closed(session)
    clock.advance(1)
    await goes
    const anew = http2Client(gateway)
    expect((await ask(anew).ended).body).toBe('ok')
    const goesToo = closed(anew)
    clock.advance(2_000)
    await goesToo
    expect(await advanceUntil(clock, ended, 2_000)).toBeLessThan(1_000)
  })

  it('serves the first stream of a client whose handshake ends after the end began, and no other', async () => {
    const { gateway } = await gatewayScene(TLS)
    const socket = connectTcp(gateway.port, '127.0.0.1')
    await once(socket, 'connect')
    // Accepted in order: with the second, the first is too.
    expect((await ask(http2Client(gateway)).ended).body).toBe('ok')
    const gatewayClosed = gateway.close()
    const session = http2Client(gateway, socket)
    const bothClosed = Promise.all([gatewayClosed, closed(session)])
    expect((await ask(session).ended).body).toBe('ok')
    await bothClosed
  })

  it('cuts streams at the deadline', async () => {
    const { clock, gateway, asked, pool } = await gatewayScene(TLS, 'when-told')
    const session = http2Client(gateway)
    const { ended } = ask(session)
    await asked()
    const bothClosed = Promise.all([gateway.close({ graceMs: 1_000 }), closed(session)])
    clock.advance(1_000)
    expect((await ended).status).toBeUndefined()
    await bothClosed
    await expect.poll(() => [pool.inFlight, clock.pending], { timeout: 4_000 }).toEqual([0, 0])
  })

  it('ends a session that has been without a request for too long, and none that has one', async () => {
    const { clock, gateway, asked } = await gatewayScene(
      { ...TLS, limits: { headTimeoutMs: 1_000, keepAliveMs: 5_000 } },
      'when-told',
    )
    const used = http2Client(gateway)
    const { ended } = ask(used)
    const held = await asked()
    const unused = http2Client(gateway)
    await once(unused, 'remoteSettings')
    const goes = closed(unused)
    clock.advance(1_000)
    await goes
    clock.advance(62_000)
    held.end('late')
    expect((await ended).body).toBe('late')
    clock.advance(4_999)
    const again = ask(used)
    ;(await asked()).end('again')
    expect((await again.ended).body).toBe('again')
    await advanceUntil(clock, closed(used), 10_000)
  })

  it('ends a session whose first head never ends', async () => {
    const { clock, gateway } = await gatewayScene({ ...TLS, limits: { headTimeoutMs: 1_000 } })
    const tls = { port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }
    const client = await rawClient(gateway.port, connectTls(tls))
    const unended = headersFrame(1, 0, [[':method', 'GET']])
    unended.writeUInt8(0, 4)
    client.socket.write(Buffer.concat([PREFACE, settingsFrame(), unended]))
    // The acknowledgement of the settings: what came before it was read.
    await client.received('\x04\x01\x00\x00\x00\x00')
    await advanceUntil(clock, client.closed, 2_000)
  })

  it('refuses heads that are too large, and more streams at once than it says', async () => {
    const { gateway, asked } = await gatewayScene(
      { ...TLS, limits: { maxHeadBytes: 2_048, maxStreamsPerConnection: 2 } },
      'when-told',
    )
    const session = http2Client(gateway)
    await once(session, 'remoteSettings')
    expect(session.remoteSettings).toMatchObject({ maxConcurrentStreams: 2, maxHeaderListSize: 2_048 })
    const large = await ask(session, { large: 'a'.repeat(10_000) }).ended
    expect(large.status ?? 431).toBe(431)
    const small = ask(session)
    ;(await asked()).end('ok')
    expect((await small.ended).body).toBe('ok')
  })

  it('lets one stream not hold up the others whose pod does read', async () => {
    const { gateway, asked } = await gatewayScene(TLS, 'when-told')
    const session = http2Client(gateway)
    const stuck = session.request({ ':path': '/', ':method': 'POST' })
    stuck.on('error', () => undefined)
    await asked()
    stuck.write(Buffer.alloc(4_000_000))
    const other = session.request({ ':path': '/', ':method': 'POST' })
    other.setEncoding('utf8')
    other.end(Buffer.alloc(100_000))
    const read = await asked()
    let length = 0
    read.req.on('data', (bytes: Buffer) => {
      length += bytes.length
    })
    await once(read.req, 'end')
    expect(length).toBe(100_000)
  })
})
