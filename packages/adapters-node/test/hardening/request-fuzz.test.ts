import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestsAt } from './every-reading.ts'
import { mutated } from './mutation.ts'
import { talk } from './raw-client.ts'
import { running } from './running-gateway.ts'

const HOST = 'Host: shop\r\nX-Session: k\r\n'
const VALID = [
  `GET /a?b=c HTTP/1.1\r\n${HOST}Accept: */*\r\n\r\n`,
  `POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
  `GET /a HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `GET http://shop/a HTTP/1.1\r\n${HOST}\r\nGET /b HTTP/1.1\r\n${HOST}\r\n`,
  `HEAD /a HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
]

describe.each([
  ['node:http', {}],
  ['node:http with insecureHTTPParser', { insecureHTTPParser: true }],
])('mutated requests through %s and forward()', (_name, server) => {
  const { gateway, following } = running({ server, stallMs: 300 })

  it('leave the pod in no doubt, and the answers in order', { timeout: 60_000 }, async () => {
    let arrived = 0
    await fc.assert(
      fc.asyncProperty(mutated(VALID, 3), async (bytes) => {
        const { port, pod } = gateway()
        pod.forget()
        await talk({ port, bytes, methods: [], ends: true })
        await following()
        arrived += requestsAt(pod).length
      }),
      { numRuns: 250 },
    )
    expect(arrived).toBeGreaterThan(20)
  })
})
