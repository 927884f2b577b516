import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net'
import { createSticky, header } from '@limpet/core'
import { afterEach, expect, it, vi } from 'vitest'
import { forward } from '../src/index.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

it('does not route a request that is pipelined behind an answer which ended the connection', async () => {
  const pod = createTcpServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.destroy())
  })
  const pool = createSticky({ key: header('x'), endpoints: [`http://127.0.0.1:${await listening(pod)}`] })
  const route = vi.spyOn(pool, 'route')
  const proxy = forward(pool)
  const gateway = createServer(proxy.request)
  const client = connect({ host: '127.0.0.1', port: await listening(gateway), allowHalfOpen: true })
  closers.push(
    () => proxy.close({ graceMs: 0 }),
    () => client.destroy(),
  )
  client.on('error', () => undefined).setEncoding('latin1')
  client.write('POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf')
  const [answer] = (await once(client, 'data')) as [string]
  expect(answer).toMatch(/^HTTP\/1\.1 502 /)
  const second = once(gateway, 'request')
  client.write('restPOST /second HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  await second
  expect(route).toHaveBeenCalledTimes(1)
})
