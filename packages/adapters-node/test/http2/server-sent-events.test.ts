import { get } from 'node:https'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LOCALHOST } from './support/certificate.ts'
import { CLIENT_KINDS, type ClientKind } from './support/clients.ts'
import { POD_KINDS } from './support/pods.ts'
import { Scene } from './support/scene.ts'

vi.setConfig({ testTimeout: 30_000 })
const scene = new Scene()
afterEach(() => scene.close())

/** Opens a stream of events; `next` answers what comes next. */
async function listenTo(kind: ClientKind, port: number) {
  const stream =
    kind === 'h2'
      ? scene.http2Client(port).open({ ':path': '/', accept: 'text/event-stream' })
      : await new Promise<NodeJS.ReadableStream>((resolve) => {
          const request = get({ host: 'localhost', port, ca: LOCALHOST, agent: false }, resolve)
          request.on('error', () => undefined)
          scene.defer(() => request.destroy())
        })
  stream.on('error', () => undefined)
  const next = () => new Promise<string>((resolve) => stream.once('data', (bytes) => resolve(String(bytes))))
  return { stream, next }
}

describe.each(CLIENT_KINDS)('server-sent events to a client of %s', (clientKind) => {
  it.each(POD_KINDS)('from a pod of %s arrive one by one, each before the next is sent', async (podKind) => {
    let send = (_event: string) => {}
    const begun = Promise.withResolvers<void>()
    const pod = await scene.pod(podKind, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      // node holds the head of HTTP/1.1 back until then.
      response.flushHeaders()
      send = (event) => response.write(`data: ${event}\n\n`)
      begun.resolve()
    })
    const { port } = await scene.gateway([pod])
    const { stream, next } = await listenTo(clientKind, port)
    // The head is here before any event is.
    if (clientKind === 'h2') await new Promise((resolve) => stream.once('response', resolve))
    await begun.promise
    for (const event of ['one', 'two', 'three']) {
      const received = next()
      send(event)
      expect(await received).toBe(`data: ${event}\n\n`)
    }
  })
})
