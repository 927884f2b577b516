import { createServer, get, type IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { Http1Reply } from '../../src/downstream/http1-reply.ts'
import { listening } from '../wire.ts'

it('leaves nothing of a head that cannot be sent', async () => {
  const server = createServer((request, response) => {
    const reply = new Http1Reply(request, response, { caughtUp: () => undefined, closed: () => undefined })
    expect(() => reply.head(200, 'Secret', ['bad name', 'x'], false)).toThrow()
    response.writeHead(502, { 'x-own': '1' }).end()
  })
  const port = await listening(server)
  const { statusMessage, headers } = await new Promise<IncomingMessage>((resolve) =>
    get({ port, host: '127.0.0.1', agent: false }, resolve),
  )
  expect(statusMessage).toBe('Bad Gateway')
  expect(headers['x-own']).toBe('1')
})
