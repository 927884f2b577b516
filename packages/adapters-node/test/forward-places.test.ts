import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { selfSigned } from '../../core/test/support/self-signed.ts'
import { inOrder } from '../src/testing/in-order.ts'
import { codeOf, listening, statusLineOf, wireGateway } from './wire.ts'

const POD = selfSigned('localhost')

it('forwards over a Unix socket, requests and upgrades, and keeps the connection', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.sock')
  let connections = 0
  const server = createServer((request, response) =>
    response.end(`${request.method} ${request.headers.host}`),
  )
  server.on('connection', () => connections++)
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello')
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { ask } = await wireGateway([`unix:${path}`], { host: 'endpoint' })
  expect(await ask('POST / HTTP/1.1\r\nContent-Length: 2', 'hi')).toMatch(/\r\n\r\nPOST localhost$/)
  expect(await ask('GET / HTTP/1.1')).toMatch(/\r\n\r\nGET localhost$/)
  expect(connections).toBe(1)
  const { client } = await wireGateway([`unix:${path}`])
  const wire = client()
  wire.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
  expect(statusLineOf(await wire.take())).toBe('HTTP/1.1 101 X')
  await wire.take('hello')
})

it('forwards to a pod whose certificate the CA vouches for, on one kept connection', async () => {
  let connections = 0
  const server = createTlsServer(POD, (request, response) => response.end(request.url))
  server.on('secureConnection', () => connections++)
  const port = await listening(server as never)
  const { ask } = await wireGateway([`https://localhost:${port}`], { tls: { ca: POD.cert } })
  expect(await ask('GET /a HTTP/1.1')).toMatch(/\r\n\r\n\/a$/)
  expect(await ask('GET /b HTTP/1.1')).toMatch(/\r\n\r\n\/b$/)
  expect(connections).toBe(1)
})

it('goes to the next endpoint where a certificate is wrong, and sends it nothing', async () => {
  let requests = 0
  const wrong = createTlsServer(selfSigned('localhost'), () => requests++)
  wrong.on('tlsClientError', () => undefined)
  const right = createTlsServer(POD, (request, response) => request.pipe(response))
  const endpoints = [
    `https://localhost:${await listening(wrong as never)}`,
    `https://localhost:${await listening(right as never)}`,
  ]
  const options = { tls: { ca: POD.cert } }
  const { ask, routing } = await wireGateway(endpoints, options, { pool: { placement: inOrder } })
  expect(await ask('POST / HTTP/1.1\r\nContent-Length: 4', 'body')).toContain('\r\nbody\r\n')
  expect(routing.kinds).toEqual(['bound', 'moved'])
  expect(requests).toBe(0)
})

it('tells nothing of a certificate to the client', async () => {
  const port = await listening(createTcpServer((socket) => socket.on('error', () => undefined).end('no TLS')))
  const { ask } = await wireGateway([`https://localhost:${port}`])
  const answer = await ask('GET / HTTP/1.1')
  expect(codeOf(answer)).toBe('no-endpoints')
  expect(answer).not.toMatch(/ssl|tls|localhost/i)
})
