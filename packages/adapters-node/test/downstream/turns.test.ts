import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { afterEach, expect, it } from 'vitest'
import { forward } from '../../src/index.ts'
import { startEchoPod } from '../../src/testing/echo-pod.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A gateway before a pod that answers a request with its path, once it is told to. */
async function scene() {
  const asked: { readonly path: string; answer(): void }[] = []
  let wake = () => {}
  const pod = await startEchoPod('p', {
    answer: ({ url: path = '' }, response) => {
      asked.push({ path, answer: () => response.end(path) })
      wake()
    },
  })
  const pool = createSticky({ key: header('x'), endpoints: [pod.endpoint] })
  const proxy = forward(pool)
  const server = createServer(proxy.request)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(
    () => pod.close(),
    () => server.close(),
    () => proxy.close({ graceMs: 0 }),
    () => server.closeAllConnections(),
  )
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  closers.push(() => client.destroy())
  client.on('error', () => undefined)
  const next = async () => {
    while (asked.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return asked.shift() as (typeof asked)[number]
  }
  return { asked, next, client, proxy, pod }
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** Everything that comes until the connection ends. */
async function textOf(client: Socket): Promise<string> {
  let text = ''
  client.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  await once(client, 'close')
  return text
}

it('begins a pipelined request when the one before it is answered', async () => {
  const { asked, next, client, pod } = await scene()
  client.write(request('/1') + request('/2') + request('/3'))
  for (const path of ['/1', '/2', '/3']) {
    const held = await next()
    expect([held.path, asked.length]).toEqual([path, 0])
    held.answer()
  }
  expect(pod.requests).toBe(3)
})

it('reads on when none waits any more', async () => {
  const { next, client } = await scene()
  client.write(request('/1') + request('/2'))
  const first = await next()
  client.write(request('/3'))
  first.answer()
  for (const path of ['/2', '/3']) {
    const held = await next()
    expect(held.path).toBe(path)
    held.answer()
  }
})

it('cuts a connection that sends too far ahead, and begins none of it', async () => {
  const { client, pod } = await scene()
  client.write(request('/').repeat(102))
  expect(await textOf(client)).toBe('')
  expect(pod.requests).toBeLessThanOrEqual(1)
})

it('begins none that waits when the proxy closes: the connection ends behind the answer under way', async () => {
  const { next, client, proxy, pod } = await scene()
  client.write(request('/1') + request('/2'))
  const first = await next()
  const closed = proxy.close()
  first.answer()
  const text = await textOf(client)
  expect(text).toMatch(/^HTTP\/1.1 200 .*\r\nConnection: close\r\n.*\/1$/is)
  await closed
  expect(pod.requests).toBe(1)
})
