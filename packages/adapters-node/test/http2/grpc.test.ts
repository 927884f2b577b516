import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { refusingPort } from '../../src/testing/held-port.ts'
import { inOrder } from '../../src/testing/in-order.ts'
import { type EchoHandlers, type GrpcClient, grpcClient, startGrpcPod } from './support/grpc.ts'
import { KEY, Scene, until } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

async function podOf(handlers: EchoHandlers, name = 'a') {
  const pod = await startGrpcPod(name, handlers)
  scene.defer(() => pod.kill())
  return pod
}

async function served(handlers: EchoHandlers, options = {}) {
  const pod = await podOf(handlers)
  const gateway = await scene.gateway([pod], options)
  return { pod, gateway, client: clientOf(gateway.port) }
}

function clientOf(port: number): GrpcClient {
  const client = grpcClient(port)
  scene.defer(() => client.close())
  return client
}

/** The metadata that a session's key stands in. */
function keyed(key = 'k'): Metadata {
  const metadata = new Metadata()
  metadata.set(KEY, key)
  return metadata
}

function unary(client: GrpcClient, message: string, metadata = keyed(), options = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.unary(Buffer.from(message), metadata, options, (error: ServiceError | null, value: Buffer) =>
      error ? reject(error) : resolve(value),
    )
  })
}

const statusOf = (call: { on(event: 'status', listener: (status: StatusObject) => void): unknown }) =>
  new Promise<StatusObject>((resolve) => call.on('status', resolve))

const failureOf = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: ServiceError) => error,
  )

const echo: EchoHandlers = {
  unary: ({ request, metadata, sendMetadata }, callback) => {
    const head = new Metadata()
    head.set('x-head', String(metadata.get('x-asked')[0]))
    sendMetadata.call({ request }, head)
    callback(null, request)
  },
}

describe('calls of gRPC', () => {
  it('are unary, with metadata and trailers both ways', async () => {
    const { client, gateway } = await served({
      unary(call, callback) {
        const head = new Metadata()
        head.set('x-head', String(call.metadata.get('x-asked')[0]))
        head.set('x-bytes-bin', Buffer.from([0, 255]))
        call.sendMetadata(head)
        const trailer = new Metadata()
        trailer.set('x-trailer', 'last')
        callback(null, call.request, trailer)
      },
    })
    const metadata = keyed()
    metadata.set('x-asked', 'yes')
    const message = 'm'.repeat(100_000)
    const result = await new Promise((resolve, reject) => {
      const told: Record<string, unknown> = {}
      const call = client.unary(Buffer.from(message), metadata, (error: ServiceError, value: Buffer) => {
        if (error) return reject(error)
        told.value = value.toString()
      })
      call.on('metadata', (head: Metadata) => {
        told.head = head.getMap()
      })
      call.on('status', (end: StatusObject) => {
        resolve({ ...told, code: end.code, trailer: end.metadata.getMap()['x-trailer'] })
      })
    })
    expect(result).toMatchObject({
      value: message,
      head: { 'x-head': 'yes', 'x-bytes-bin': Buffer.from([0, 255]) },
      code: status.OK,
      trailer: 'last',
    })
    await gateway.routing.idle()
  })

  it('stream from the pod, each message when it is there', async () => {
    let sendNext = () => {}
    const { client } = await served({
      serverStream(call) {
        let sent = 0
        sendNext = () => {
          if (sent === 3) call.end()
          else call.write(Buffer.from(`message ${sent++}`))
        }
        sendNext()
      },
    })
    const call: ClientReadableStream<Buffer> = client.serverStream(Buffer.from('go'), keyed())
    const ended = statusOf(call)
    const seen: string[] = []
    for await (const message of call) {
      seen.push(String(message))
      sendNext()
    }
    expect(seen).toEqual(['message 0', 'message 1', 'message 2'])
    expect((await ended).code).toBe(status.OK)
  })

  it('stream from the client', async () => {
    const { client } = await served({
      clientStream(call, callback) {
        let length = 0
        call.on('data', (message: Buffer) => {
          length += message.length
        })
        call.on('end', () => callback(null, Buffer.from(String(length))))
      },
    })
    const answer = await new Promise((resolve, reject) => {
      const call: ClientWritableStream<Buffer> = client.clientStream(
        keyed(),
        (error: ServiceError | null, value: Buffer) => (error ? reject(error) : resolve(value.toString())),
      )
      for (let i = 0; i < 10; i++) call.write(Buffer.alloc(50_000))
      call.end()
    })
    expect(answer).toBe('500000')
  })

  it('stream both ways at once, and end on each side by itself', async () => {
    const { client, gateway } = await served({
      bidi(call) {
        // The head goes before any message came.
        call.sendMetadata(new Metadata())
        call.on('data', (message: Buffer) => call.write(message))
        call.on('end', () => {
          call.write(Buffer.from('after the end of the client'))
          call.end()
        })
      },
    })
    const call: ClientDuplexStream<Buffer, Buffer> = client.bidi(keyed())
    const ended = statusOf(call)
    await new Promise((resolve) => call.once('metadata', resolve))
    for (const word of ['one', 'two']) {
      call.write(Buffer.from(word))
      expect(String(await new Promise((resolve) => call.once('data', resolve)))).toBe(word)
    }
    const last = new Promise((resolve) => call.once('data', resolve))
    call.end()
    expect(String(await last)).toBe('after the end of the client')
    expect((await ended).code).toBe(status.OK)
    await gateway.routing.idle()
    expect(gateway.pool.inFlight).toBe(0)
  })

  it('stick by their metadata, on one connection of the client', async () => {
    const named = (name: string): EchoHandlers => ({
      unary: (_, callback) => callback(null, Buffer.from(name)),
    })
    const pods = await Promise.all(['a', 'b'].map((name) => podOf(named(name), name)))
    const { port } = await scene.gateway(pods)
    const client = clientOf(port)
    const podsOf = () =>
      Promise.all(Array.from({ length: 20 }, async (_, i) => String(await unary(client, '', keyed(`k${i}`)))))
    const first = await podsOf()
    expect(new Set(first)).toEqual(new Set(['a', 'b']))
    expect(await podsOf()).toEqual(first)
  })

  it('fail with the status, the message and the details of the pod', async () => {
    const { client } = await served({
      unary(_, callback) {
        const metadata = new Metadata()
        metadata.set('grpc-status-details-bin', Buffer.from('details'))
        callback({ code: status.FAILED_PRECONDITION, details: 'nö: 100 %', metadata })
      },
    })
    const error = await failureOf(unary(client, ''))
    expect([error.code, error.details]).toEqual([status.FAILED_PRECONDITION, 'nö: 100 %'])
    expect(error.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from('details')])
  })

  it('fail in the middle with the status of the pod', async () => {
    const { client } = await served({
      serverStream(call) {
        call.write(Buffer.from('first'))
        call.emit('error', { code: status.ABORTED, details: 'enough' })
      },
    })
    const call: ClientReadableStream<Buffer> = client.serverStream(Buffer.from(''), keyed())
    const ended = statusOf(call)
    const seen: string[] = []
    call.on('data', (message: Buffer) => seen.push(String(message))).on('error', () => undefined)
    expect(await ended).toMatchObject({ code: status.ABORTED, details: 'enough' })
    expect(seen).toEqual(['first'])
  })

  it('end at the pod when their deadline has passed, or their client cancels', async () => {
    let cancelled = 0
    let began = 0
    const { client, gateway } = await served({
      unary(call) {
        began++
        call.on('cancelled', () => cancelled++)
      },
    })
    const late = await failureOf(unary(client, '', keyed(), { deadline: Date.now() + 200 }))
    expect(late.code).toBe(status.DEADLINE_EXCEEDED)
    await until(() => cancelled === 1)
    const call = client.unary(Buffer.from(''), keyed(), () => undefined)
    await until(() => began === 2)
    call.cancel()
    await until(() => cancelled === 2)
    await gateway.routing.idle()
    expect(gateway.pool.inFlight).toBe(0)
  })

  it('are UNAVAILABLE when their pod dies in the middle', async () => {
    const { client, pod, gateway } = await served({
      serverStream: (call) => void call.write(Buffer.from('first')),
    })
    const call: ClientReadableStream<Buffer> = client.serverStream(Buffer.from(''), keyed())
    const ended = statusOf(call)
    call.on('error', () => undefined)
    await new Promise((resolve) => call.once('data', resolve))
    pod.kill()
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE })
    await gateway.routing.idle()
  })

  it('are UNAVAILABLE when no pod can be connected', async () => {
    const { client, pod } = await served(echo)
    pod.kill()
    const error = await failureOf(unary(client, ''))
    expect(error.code).toBe(status.UNAVAILABLE)
    expect(error.details).toMatch(/^no-endpoints: /)
  })

  it('go to the next pod untouched where one refuses connections', async () => {
    const dead = await refusingPort()
    scene.defer(() => dead.release())
    const endpoint = { name: 'dead', host: '127.0.0.1', port: dead.port, appProtocol: 'grpc' }
    const pod = await podOf({ unary: ({ request }, callback) => callback(null, request) }, 'live')
    const { port, routing } = await scene.gateway([{ endpoint }, pod], {}, { placement: inOrder })
    expect(String(await unary(clientOf(port), 'whole'))).toBe('whole')
    expect(routing.kinds).toEqual(['bound', 'moved'])
  })

  it('are answered with a status of gRPC when they are refused', async () => {
    const { client } = await served(echo)
    const error = await failureOf(unary(client, '', keyed('k'.repeat(10_000))))
    expect([error.code, error.details.split(':')[0]]).toEqual([status.INTERNAL, 'bad-key'])
  })
})
