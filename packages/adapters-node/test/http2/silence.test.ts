import { fakeClock } from '@limpet/core/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ACK, END_STREAM, FRAME, frame } from './support/frames.ts'
import type { PodAnswer } from './support/pods.ts'
import { okHead, type RawConnection, startRawHttp2Pod } from './support/raw-pod.ts'
import { KEY, Scene, until } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

const SECOND = 1_000
const MINUTE = 60 * SECOND

async function served(answer: PodAnswer, options = {}) {
  const clock = fakeClock()
  const pod = await scene.pod('h2c', answer)
  const gateway = await scene.gateway([pod], { clock, ...options }, { clock })
  return { clock, pod, gateway, client: scene.http2Client(gateway.port) }
}

async function rawServed(take: (type: number, stream: number, connection: RawConnection) => void) {
  const clock = fakeClock()
  const pings: RawConnection[] = []
  const pod = await startRawHttp2Pod(({ type, stream, flags }, connection) => {
    if (type === FRAME.ping && !(flags & ACK)) pings.push(connection)
    else take(type, stream, connection)
  })
  scene.defer(() => pod.close())
  const gateway = await scene.gateway([pod], { clock }, { clock })
  return { clock, pings, pod, gateway, client: scene.http2Client(gateway.port) }
}

const codeOf = ({ body }: { readonly body: Buffer }) => JSON.parse(body.toString()).code

describe('a stream to a pod', () => {
  it('is given up when no head comes, and the connection goes on', async () => {
    let isAborted = false
    const { clock, pod, client, gateway } = await served(
      (request, response) => {
        if (request.url === '/fast') return response.end('ok')
        request.on('close', () => {
          isAborted = true
        })
      },
      { responseTimeoutMs: 5 * SECOND },
    )
    const slow = client.ask()
    await until(() => pod.sessions.size === 1)
    await client.ask({ path: '/fast' })
    clock.advance(4 * SECOND)
    expect(gateway.pool.inFlight).toBe(1)
    clock.advance(2 * SECOND)
    const answer = await slow
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream-timeout'])
    await until(() => isAborted)
    expect((await client.ask({ path: '/fast' })).body.toString()).toBe('ok')
    expect(pod.connections).toBe(1)
  })

  it('is cut when its response stops, not while it goes on', async () => {
    let write = (_text: string) => {}
    const { clock, client } = await served(
      (_, response) => {
        write = (text) => response.write(text)
        write('a')
      },
      { idleTimeoutMs: 5 * SECOND },
    )
    const stream = client.open({ ':path': '/' })
    const closed = new Promise((resolve) => stream.once('close', resolve))
    for (const text of ['b', 'c', 'd']) {
      await new Promise((resolve) => stream.once('data', resolve))
      clock.advance(4 * SECOND)
      write(text)
    }
    await new Promise((resolve) => stream.once('data', resolve))
    expect(stream.closed).toBe(false)
    clock.advance(6 * SECOND)
    await closed
    expect(stream.rstCode).not.toBe(0)
  })

  it('is given up when the client stops sending: 408', async () => {
    let hasBegun = false
    const { clock, client } = await served(
      (request) => {
        request
          .on('error', () => undefined)
          .once('data', () => {
            hasBegun = true
          })
      },
      { responseTimeoutMs: 5 * SECOND },
    )
    const stream = client.open({ ':path': '/', ':method': 'POST' })
    const status = new Promise((resolve) => stream.once('response', (head) => resolve(head[':status'])))
    stream.write('half')
    await until(() => hasBegun)
    clock.advance(6 * SECOND)
    expect(await status).toBe(408)
  })
})

describe('a connection that is silent', () => {
  it('is asked once whether it is there, and is left alone when it answers', async () => {
    const heads: [number, RawConnection][] = []
    const { clock, pings, client } = await rawServed((type, stream, connection) => {
      if (type === FRAME.headers) heads.push([stream, connection])
    })
    const answer = client.ask({ headers: { [KEY]: 'k' } })
    await until(() => heads.length === 1)
    clock.advance(10 * SECOND)
    await until(() => pings.length === 1)
    const [stream, connection] = heads[0] as [number, RawConnection]
    connection.send(frame(FRAME.ping, ACK, 0, Buffer.alloc(8)))
    await answered(connection)
    clock.advance(40 * SECOND)
    connection.send(okHead(stream, END_STREAM))
    expect((await answer).status).toBe(200)
    expect(pings.length).toBe(1)
  })

  it('is ended when it does not answer, and what is safe to repeat goes by another', async () => {
    let heads = 0
    const { clock, pings, client, pod } = await rawServed((type, stream, connection) => {
      if (type !== FRAME.headers) return
      heads++
      if (heads === 1 || pod.connections.length > 1) connection.send(okHead(stream, END_STREAM))
    })
    await client.ask()
    const get = client.ask()
    const post = client.ask({ method: 'POST', body: [Buffer.from('x')] })
    await until(() => heads === 3)
    clock.advance(10 * SECOND)
    await until(() => pings.length === 1)
    clock.advance(10 * SECOND)
    expect((await get).status).toBe(200)
    expect(codeOf(await post)).toBe('upstream-reset')
  })
})

describe('an idle connection', () => {
  it('is kept for a minute, longer than one of HTTP/1.1', async () => {
    const { clock, pod, client, gateway } = await served((_, response) => response.end('ok'))
    await client.ask()
    await gateway.routing.idle()
    await until(() => gateway.pool.inFlight === 0)
    for (let second = 0; second < 55; second++) clock.advance(SECOND)
    await client.ask()
    expect(pod.connections).toBe(1)
    await gateway.routing.idle()
    for (let second = 0; second < 70; second++) clock.advance(SECOND)
    await until(() => pod.sessions.size === 0)
    expect(clock.pending).toBeLessThanOrEqual(1)
    await client.ask()
    expect(pod.connections).toBe(2)
  })

  it('leaves no timer behind', async () => {
    const { clock, client, gateway, pod } = await served((_, response) => response.end('ok'))
    await client.ask()
    await gateway.routing.idle()
    await until(() => {
      clock.advance(MINUTE)
      return pod.sessions.size === 0 && clock.pending === 0
    })
  })
})

/** Resolves when the gateway has handled what was sent on this connection before. */
async function answered({ send, socket }: RawConnection): Promise<void> {
  const before = socket.bytesRead
  send(frame(FRAME.ping, 0, 0, Buffer.alloc(8, 1)))
  await until(() => socket.bytesRead > before)
}
