import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { cutIfUnread } from '../../src/downstream/unread.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** More than the kernel takes for a client that does not read. */
const LARGE = 32 * 1_024 * 1_024

async function clientOf(listener: RequestListener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  closers.push(
    () => server.close(),
    () => client.destroy(),
    () => server.closeAllConnections(),
  )
  client.on('error', () => undefined)
  client.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  return client
}

it('cuts a client that takes no byte of an ended response', async () => {
  const closed = Promise.withResolvers<boolean>()
  await clientOf((_request, response) => {
    response.once('close', () => closed.resolve(response.writableFinished))
    response.end(Buffer.alloc(LARGE))
    cutIfUnread(response, 50)
  })
  expect(await closed.promise).toBe(false)
})

it('has patience with a client that reads slowly', async () => {
  const closed = Promise.withResolvers<boolean>()
  const client = await clientOf((_request, response) => {
    response.once('close', () => closed.resolve(response.writableFinished))
    response.end(Buffer.alloc(LARGE))
    cutIfUnread(response, 5_000)
  })
  client.resume()
  expect(await closed.promise).toBe(true)
})

it('sets no limit for a response that has left', async () => {
  const client = await clientOf((_request, response) => {
    response.end('ok')
    cutIfUnread(response, 50)
    expect(response.listenerCount('timeout')).toBe(0)
  })
  await once(client.resume(), 'data')
})
