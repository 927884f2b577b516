import { createServer } from 'node:http'
import { connect } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { afterEach, expect, it } from 'vitest'
import { forward } from '../src/index.ts'
import { listen } from '../src/testing/held-port.ts'
import { atRest, pour } from './http2/support/flow.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const LENGTH = 32 * 1024 * 1024

it('a request is served that comes behind one whose upload was held back and answered early', async () => {
  let answer = () => {}
  const pod = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    if (request.method === 'GET') response.end('next')
    else answer = () => response.writeHead(413).end('too much')
  })
  const endpoint = `http://127.0.0.1:${await listen(pod)}`
  const pool = createSticky({ key: header('x'), endpoints: [endpoint] })
  const proxy = forward(pool)
  const gateway = createServer(proxy.request)
  const client = connect(await listen(gateway), '127.0.0.1')
  closers.push(
    () => pod.close(),
    () => pool.close(),
    () => proxy.close({ graceMs: 0 }),
    () => gateway.close(),
    () => client.destroy(),
  )
  let text = ''
  const said = (what: string) =>
    new Promise<void>((resolve) => {
      const look = () => text.includes(what) && resolve()
      client.on('data', look)
      look()
    })
  client.on('data', (bytes: Buffer) => {
    text += bytes
  })
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LENGTH}\r\n\r\n`)
  // The pipelined GET is written when the body has left.
  const progress = pour(
    Object.assign(Object.create(client), { end: () => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n') }),
    LENGTH,
  )
  expect(await atRest(progress)).toBeLessThan(LENGTH)
  answer()
  await said('too much')
  await said('next')
})
