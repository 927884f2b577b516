import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Endpoint, EndpointInit, StickyError } from '@limpet/core'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { endpointFrom } from '../../../core/src/endpoint/endpoint-init.ts'
import type { RequestHead } from '../../src/headers/request-head.ts'
import { refusingPort } from '../../src/testing/held-port.ts'
import { Connections } from '../../src/upstream/connections.ts'
import type { ConnectionsOptions } from '../../src/upstream/endpoint-connections.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  UpstreamConnection,
  UpstreamFailure,
} from '../../src/upstream/upstream.ts'
import { answering, listening, OK, until, Wire, type WirePod, wirePod } from '../wire.ts'

const HEAD: RequestHead = {
  method: 'GET',
  target: '/',
  headers: ['Host', 'a'],
  framing: 'none',
  upgrade: undefined,
  takesTrailers: false,
}

/** One that asks for a connection; each outcome is awaited by its name. */
class Caller implements ConnectCaller {
  readonly needsHttp1 = false
  stopConnecting: (() => void) | undefined
  isCancelled = false
  readonly told: string[] = []
  readonly outcome: Promise<UpstreamConnection | StickyError>
  readonly #resolve: (outcome: UpstreamConnection | StickyError) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<UpstreamConnection | StickyError>()
    this.outcome = promise
    this.#resolve = resolve
  }

  connected(connection: UpstreamConnection): void {
    this.told.push('connected')
    this.#resolve(connection)
  }

  connectFailed(error: Error): void {
    this.told.push((error as StickyError).code)
    this.#resolve(error as StickyError)
  }

  refused(error: Error): void {
    this.told.push(`refused ${(error as StickyError).code}`)
    this.#resolve(error as StickyError)
  }
}

/** Sends a request and reads its response to the end: how it ended, or the socket of an upgraded one. */
function exchange(
  connection: UpstreamConnection,
  head: Partial<RequestHead> = {},
  headCame: () => void = () => undefined,
): Promise<string | Socket> {
  return new Promise((resolve) => {
    const receiver: ResponseReceiver = {
      interim: () => undefined,
      head: headCame,
      data: () => undefined,
      ended: () => resolve('ended'),
      upgraded: (_head: ResponseHead, socket) => resolve(socket.on('error', () => undefined)),
      failed: ({ code }: UpstreamFailure) => resolve(code),
      drained: () => undefined,
    }
    connection.send({ ...HEAD, ...head }, receiver)
  })
}

function connectionsOf(options: Partial<ConnectionsOptions> = {}) {
  const clock = fakeClock()
  const connections = new Connections({
    connectTimeoutMs: 5_000,
    responseTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
    keepAliveMs: 4_000,
    maxHeadBytes: 16_384,
    maxRequestsPerEndpoint: Number.POSITIVE_INFINITY,
    maxQueuedPerEndpoint: 10,
    queueTimeoutMs: 1_000,
    tls: {},
    clock,
    ...options,
  })
  onTestFinished(() => connections.destroy())
  const ask = (endpoint: Endpoint, fresh = false): Caller => {
    const caller = new Caller()
    connections.connect(endpoint, caller, fresh)
    return caller
  }
  const connect = async (endpoint: Endpoint, fresh = false) => {
    const outcome = await ask(endpoint, fresh).outcome
    if (outcome instanceof Error) throw outcome
    return outcome
  }
  return { connections, clock, ask, connect }
}

function endpointOf(pod: WirePod | string, fields: Partial<EndpointInit> = {}): Endpoint {
  const { hostname, port } = new URL(typeof pod === 'string' ? pod : pod.url)
  return endpointFrom('pod', { name: 'web-1', host: hostname, port: Number(port), ...fields })
}

/** A free port where every connection is refused. */
async function deadEndpoint(): Promise<Endpoint> {
  const { port, release } = await refusingPort()
  onTestFinished(release)
  return endpointFrom('pod', { name: 'web-1', host: '127.0.0.1', port })
}

describe('kept connections', () => {
  it('are taken again, the one used last first', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    const [a, b] = [await connect(endpointOf(pod)), await connect(endpointOf(pod))]
    expect([a.isReused, b.isReused]).toEqual([false, false])
    await exchange(a)
    await exchange(b)
    const again = await connect(endpointOf(pod))
    expect([again === b, again.isReused]).toEqual([true, true])
    expect(await connect(endpointOf(pod))).toBe(a)
    expect(pod.wires).toHaveLength(2)
  })

  it('are not taken where a fresh one is asked for', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    const first = await connect(endpointOf(pod))
    await exchange(first)
    const fresh = await connect(endpointOf(pod), true)
    expect([fresh === first, fresh.isReused]).toEqual([false, false])
    expect(await connect(endpointOf(pod))).toBe(first)
  })

  it('are found by another object for the same place', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    const first = await connect(endpointOf(pod))
    await exchange(first)
    expect(await connect(endpointOf(pod, { weight: 7, zone: 'b' }))).toBe(first)
  })

  it.each<[string, Partial<EndpointInit>]>([
    ['another identity', { name: 'web-2' }],
    ['another host', { host: 'localhost' }],
  ])('are not found by %s at the same address', async (_what, fields) => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    const first = await connect(endpointOf(pod))
    await exchange(first)
    expect(await connect(endpointOf(pod, fields))).not.toBe(first)
  })

  it('are not found by another version of HTTP at the same address', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    await exchange(await connect(endpointOf(pod)))
    // The pod does not speak it, which only a new connection can find out.
    await expect(connect(endpointOf(pod, { httpVersion: '2' }))).rejects.toThrow('did not speak HTTP/2')
  })

  it('are not found by a place whose names read the same one behind the other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limpet-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const names = [`${folder}/a http://${folder}/b`, `${folder}/b`] as const
    const reached: string[] = []
    for (const name of names) {
      mkdirSync(dirname(name), { recursive: true })
      const server = createServer((socket) => {
        reached.push(name)
        void answering(OK)(new Wire(socket)).catch(() => undefined)
      })
      await new Promise<void>((resolve) => server.listen(name, resolve))
      onTestFinished(() => void server.close())
    }
    const { connect } = connectionsOf()
    const kept = await connect(endpointFrom('pod', { name: 'x', socketPath: names[0] }))
    await exchange(kept)
    const other = endpointFrom('pod', { name: `x http://${folder}/a`, socketPath: names[1] })
    await exchange(await connect(other))
    expect(reached).toEqual(names)
  })

  it('are ended when they were idle for too long, and the endpoint is forgotten then', async () => {
    const pod = await wirePod(answering(OK))
    const { connect, clock } = connectionsOf()
    const endpoint = endpointOf(pod)
    await exchange(await connect(endpoint))
    clock.advance(4_000)
    await pod.wires[0]?.rest()
    clock.advance(4_000)
    expect(clock.pending).toBe(0)
    // Asked for by the same object that it was forgotten under, it is listed again, and swept again.
    await exchange(await connect(endpoint))
    expect(pod.wires).toHaveLength(2)
    clock.advance(4_000)
    await pod.wires[1]?.rest()
    clock.advance(4_000)
    expect(clock.pending).toBe(0)
  })

  it('are not taken when they are too old, before the sweep has come', async () => {
    const pod = await wirePod(answering(OK))
    const { connect, clock } = connectionsOf()
    const first = await connect(endpointOf(pod))
    clock.advance(1_000)
    await exchange(first)
    clock.advance(3_000)
    // The sweep was at 4 000 ms and left it; it comes again at 8 000.
    clock.advance(1_001)
    expect(pod.wires[0]?.isClosed).toBe(false)
    expect(await connect(endpointOf(pod))).not.toBe(first)
    await pod.wires[0]?.rest()
  })

  it('are left by a sweep that they are too young for, and ended by the next', async () => {
    const pod = await wirePod(answering(OK))
    const { connect, clock } = connectionsOf()
    const [old, young] = [await connect(endpointOf(pod)), await connect(endpointOf(pod))]
    await exchange(old)
    clock.advance(2_000)
    await exchange(young)
    // The sweep at 4 000 ms ends the old one alone.
    clock.advance(2_000)
    await pod.wires[0]?.rest()
    expect(pod.wires[1]?.isClosed).toBe(false)
    clock.advance(4_000)
    await pod.wires[1]?.rest()
  })

  it('are read again, though the client of the last response was slow', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf()
    const first = await connect(endpointOf(pod))
    await exchange(first, {}, () => first.pause())
    const again = await connect(endpointOf(pod))
    expect(again).toBe(first)
    expect(await exchange(again)).toBe('ended')
  })

  it('are none with keepAliveMs of 0', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf({ keepAliveMs: 0, maxRequestsPerEndpoint: 1 })
    await exchange(await connect(endpointOf(pod)))
    await pod.wires[0]?.rest()
    await exchange(await connect(endpointOf(pod)))
    expect(pod.wires).toHaveLength(2)
  })

  it('are left alone once the pod has ended them', async () => {
    const pod = await wirePod(answering(OK))
    const { connect } = connectionsOf({ maxRequestsPerEndpoint: 1 })
    const first = await connect(endpointOf(pod))
    await exchange(first)
    pod.wires[0]?.socket.end()
    await pod.wires[0]?.rest()
    expect(await connect(endpointOf(pod))).not.toBe(first)
  })

  it('serve others when nobody wants them any more', async () => {
    const pod = await wirePod(answering(OK))
    const { ask, connect } = connectionsOf()
    const gone = ask(endpointOf(pod))
    gone.isCancelled = true
    await until(() => pod.wires.length === 1)
    const other = await connectKept(connect, endpointOf(pod), pod)
    expect(await exchange(other)).toBe('ended')
    expect(gone.told).toEqual([])
    expect(pod.wires.length).toBeLessThan(3)
  })
})

/** Waits until a connection is kept, and takes it. */
async function connectKept(
  connect: (endpoint: Endpoint) => Promise<UpstreamConnection>,
  endpoint: Endpoint,
  pod: WirePod,
): Promise<UpstreamConnection> {
  const before = pod.wires.length
  await new Promise((resolve) => setImmediate(resolve))
  const connection = await connect(endpoint)
  expect(pod.wires.length).toBe(before)
  return connection
}

describe('an endpoint of one request at a time', () => {
  const one = { maxRequestsPerEndpoint: 1, maxQueuedPerEndpoint: 1 }

  /** Just one slot is free: it is given at once, and the next has to wait for it. */
  async function expectOneFree(ask: (endpoint: Endpoint) => Caller, endpoint: Endpoint) {
    const [caller, next, more] = [ask(endpoint), ask(endpoint), ask(endpoint)]
    expect([next.told, more.told]).toEqual([[], ['refused endpoint-busy']])
    const outcome = await caller.outcome
    expect(caller.told).not.toContain('refused endpoint-busy')
    if (outcome instanceof Error) return
    expect(next.told).toEqual([])
    outcome.abort()
    await next.outcome
  }

  it('serves who waits on the same connection', async () => {
    const pod = await wirePod(answering(OK))
    const { ask, connect } = connectionsOf(one)
    const first = await connect(endpointOf(pod))
    const second = ask(endpointOf(pod))
    const third = ask(endpointOf(pod))
    expect(third.told).toEqual(['refused endpoint-busy'])
    expect(second.told).toEqual([])
    await exchange(first)
    expect(await second.outcome).toBe(first)
    expect(pod.wires).toHaveLength(1)
  })

  it('serves who waits after a failed connection', async () => {
    const { ask } = connectionsOf(one)
    const endpoint = await deadEndpoint()
    const [first, second] = [ask(endpoint), ask(endpoint)]
    await Promise.all([first.outcome, second.outcome])
    expect([first.told, second.told]).toEqual([['connect-failed'], ['connect-failed']])
    await expectOneFree(ask, endpoint)
  })

  it('serves who waits after a timeout of the connection', async () => {
    const silent = await listening(createServer((socket) => socket.on('error', () => undefined).resume()))
    const { ask } = connectionsOf({ ...one, connectTimeoutMs: 30 })
    const endpoint = endpointFrom('pod', `https://127.0.0.1:${silent}`)
    const [first, second] = [ask(endpoint), ask(endpoint)]
    await Promise.all([first.outcome, second.outcome])
    expect([first.told, second.told]).toEqual([['connect-timeout'], ['connect-timeout']])
  })

  it.each<[string, Partial<RequestHead>, (wire: Wire) => unknown, string]>([
    [
      'a response that ends the connection',
      {},
      (wire) => wire.write(OK.replace('\r\n', '\r\nConnection: close\r\n')),
      'ended',
    ],
    ['a response until the end', {}, (wire) => wire.socket.end('HTTP/1.1 200 OK\r\n\r\nok'), 'ended'],
    ['an early response', { framing: 'chunked' }, (wire) => wire.write(OK), 'ended'],
    ['bytes behind the response', {}, (wire) => wire.write(`${OK}more`), 'ended'],
    ['a reset', {}, (wire) => wire.socket.resetAndDestroy(), 'upstream-reset'],
    ['an end', {}, (wire) => wire.socket.end(), 'upstream-reset'],
    ['nonsense', {}, (wire) => wire.write('SSH-2.0\r\n'), 'upstream-malformed'],
    [
      'an end within the response',
      {},
      (wire) => wire.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
      'upstream-reset',
    ],
    ['silence', {}, () => undefined, 'upstream-timeout'],
  ])('serves who waits after %s', async (_what, head, act, expected) => {
    const pod = await wirePod(async (wire, count) => {
      await wire.take()
      if (count === 1) act(wire)
      else wire.write(OK)
    })
    const { ask, connect } = connectionsOf({ ...one, responseTimeoutMs: 50, idleTimeoutMs: 50 })
    const endpoint = endpointOf(pod)
    const first = await connect(endpoint)
    const second = ask(endpoint)
    expect(await exchange(first, head)).toBe(expected)
    const connection = await second.outcome
    expect(second.told).toEqual(['connected'])
    expect(await exchange(connection as UpstreamConnection)).toBe('ended')
    await expectOneFree(ask, endpoint)
  })

  it('serves who waits after an abort, before anything was sent and within the exchange', async () => {
    const pod = await wirePod(() => undefined)
    const { ask, connect } = connectionsOf(one)
    const endpoint = endpointOf(pod)
    const first = await connect(endpoint)
    const second = ask(endpoint)
    first.abort()
    const connection = (await second.outcome) as UpstreamConnection
    const third = ask(endpoint)
    void exchange(connection)
    connection.abort()
    connection.abort()
    expect(await third.outcome).not.toBeInstanceOf(Error)
    expect(ask(endpoint).told).toEqual([])
  })

  it('is taken by an upgraded stream until that is closed', async () => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.write('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    })
    const { ask, connect } = connectionsOf(one)
    const endpoint = endpointOf(pod)
    const stream = (await exchange(await connect(endpoint), { upgrade: 'x' })) as Socket
    const second = ask(endpoint)
    await new Promise((resolve) => setImmediate(resolve))
    expect(second.told).toEqual([])
    stream.destroy()
    expect(await second.outcome).not.toBeInstanceOf(Error)
  })

  it('has room for the same request again as soon as its connection has failed', async () => {
    const pod = await wirePod(async (wire) => {
      await wire.take()
      wire.socket.resetAndDestroy()
    })
    const { ask, connect } = connectionsOf({ ...one, maxQueuedPerEndpoint: 0 })
    const endpoint = endpointOf(pod)
    const connection = await connect(endpoint)
    const again = await new Promise<Caller>((resolve) => {
      connection.send(HEAD, { failed: () => resolve(ask(endpoint)) } as never)
    })
    expect(await again.outcome).not.toBeInstanceOf(Error)
    expect(again.told).toEqual(['connected'])
  })

  it('goes to nobody who went away while it waited or while its connection was opened', async () => {
    const pod = await wirePod(answering(OK))
    const { ask } = connectionsOf({ ...one, maxQueuedPerEndpoint: 2 })
    const endpoint = endpointOf(pod)
    const [dialling, waiting, last] = [ask(endpoint), ask(endpoint), ask(endpoint)]
    dialling.isCancelled = true
    waiting.isCancelled = true
    const connection = (await last.outcome) as UpstreamConnection
    expect(await exchange(connection)).toBe('ended')
    expect([dialling.told, waiting.told, last.told]).toEqual([[], [], ['connected']])
    expect(pod.wires).toHaveLength(1)
  })

  it('does not count a connection that fails while nobody wants it', async () => {
    const { ask } = connectionsOf(one)
    const endpoint = await deadEndpoint()
    const gone = ask(endpoint)
    gone.isCancelled = true
    const next = ask(endpoint)
    await next.outcome
    expect([gone.told, next.told]).toEqual([[], ['connect-failed']])
  })
})

describe('closing', () => {
  it('ends idle connections at once and busy ones when they are idle, and refuses the rest', async () => {
    const pod = await wirePod(answering(OK))
    const { connections, connect, ask, clock } = connectionsOf({ maxRequestsPerEndpoint: 2 })
    const endpoint = endpointOf(pod)
    const [idle, busy] = [await connect(endpoint), await connect(endpoint)]
    await exchange(idle)
    const held = await connect(endpoint)
    expect(held).toBe(idle)
    const waiting = ask(endpoint)
    await exchange(held)
    ;((await waiting.outcome) as UpstreamConnection).abort()
    const filler = await connect(endpoint)
    const refused = ask(endpoint)
    connections.close()
    connections.close()
    expect(refused.told).toEqual(['refused closed'])
    expect(ask(endpoint).told).toEqual(['refused closed'])
    expect(await exchange(busy)).toBe('ended')
    expect(await exchange(filler)).toBe('ended')
    for (const wire of pod.wires) await wire.rest()
    expect(clock.pending).toBe(0)
  })

  it('at once ends busy ones and those that are being opened', async () => {
    const pod = await wirePod(() => undefined)
    const { connections, connect, ask } = connectionsOf()
    const failed = exchange(await connect(endpointOf(pod)))
    const dialling = ask(endpointOf(pod))
    connections.destroy()
    connections.destroy()
    await pod.wires[0]?.rest()
    expect(await dialling.outcome).toMatchObject({ code: 'connect-failed' })
    // An aborted exchange hears no more.
    expect(await Promise.race([failed, Promise.resolve('nothing')])).toBe('nothing')
  })
})

describe('a connection that is being opened', () => {
  it('ends when its caller is cancelled, and its place is free', async () => {
    // Never answers the handshake of TLS.
    const server = createServer((socket) => void socket.resume())
    const port = await listening(server)
    const { ask } = connectionsOf({ maxRequestsPerEndpoint: 1 })
    const endpoint = endpointOf(`https://127.0.0.1:${port}`, { protocol: 'https:' })
    const accepted = once(server, 'connection')
    const caller = ask(endpoint)
    const [socket] = (await accepted) as [Socket]
    const closed = once(socket, 'close')
    const next = ask(endpoint)
    caller.isCancelled = true
    caller.stopConnecting?.()
    await closed
    await until(() => next.stopConnecting !== undefined)
    expect([caller.told, caller.stopConnecting]).toEqual([[], undefined])
  })
})
