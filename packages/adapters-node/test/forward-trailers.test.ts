import { describe, expect, it } from 'vitest'
import { answering, statusLineOf, valuesOf, wireGateway, wirePod } from './wire.ts'

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n' +
  '2\r\nok\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\nX-Sum: 2\r\nx_forwarded_for: 1.1.1.1\r\n\r\n'

/** What the pod got of a request with this head and body. */
async function received(head: string, body: string, until: string): Promise<string> {
  let got = ''
  const pod = await wirePod(async (wire) => {
    got = await wire.take(until)
    wire.write('HTTP/1.1 204 No Content\r\n\r\n')
  })
  const { ask } = await wireGateway([pod.url])
  await ask(head, body)
  return got
}

describe('trailers of a response', () => {
  it('come to the client in order, without those that a head alone may hold', async () => {
    const pod = await wirePod(answering(CHUNKED))
    const { ask } = await wireGateway([pod.url])
    const answer = await ask('GET / HTTP/1.1')
    expect(answer).toMatch(/2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n$/)
    expect(valuesOf(answer, 'trailer')).toEqual(['X-Sum, Set-Cookie'])
  })

  it('come to a client whose upgrade the pod has not taken, without those either', async () => {
    const pod = await wirePod(answering(CHUNKED))
    const { client } = await wireGateway([pod.url])
    const wire = client()
    wire.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    expect(await wire.rest()).toMatch(/2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n$/)
  })

  it('are left out, and not announced, where the client speaks HTTP/1.0', async () => {
    const pod = await wirePod(answering(CHUNKED))
    const { ask } = await wireGateway([pod.url])
    const answer = await ask('GET / HTTP/1.0')
    expect(statusLineOf(answer)).toBe('HTTP/1.1 200 OK')
    expect(valuesOf(answer, 'trailer')).toEqual([])
    expect(answer).toMatch(/\r\n\r\nok$/)
  })

  it.each([
    ['to HEAD', 'HEAD', '200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n'],
    ['of known length', 'GET', '200 OK\r\nContent-Length: 2\r\nTrailer: X-Sum\r\n\r\nok'],
    ['without a body', 'GET', '304 Not Modified\r\nTrailer: X-Sum\r\nTrailer: X-Md5\r\n\r\n'],
  ])('are not announced by a response %s', async (_what, method, response) => {
    const pod = await wirePod(answering(`HTTP/1.1 ${response}`))
    const { ask } = await wireGateway([pod.url])
    const answer = await ask(`${method} / HTTP/1.1`)
    expect(statusLineOf(answer)).toBe(`HTTP/1.1 ${response.split('\r\n')[0]}`)
    expect(valuesOf(answer, 'trailer')).toEqual([])
  })
})

describe('trailers of a request', () => {
  it('come to the pod in order, without those that a head alone may hold', async () => {
    const body = '2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Type: a\r\nx-sum: 2\r\nAuthorization: x\r\n\r\n'
    const got = await received('POST / HTTP/1.1\r\nTransfer-Encoding: chunked', body, 'x-sum: 2\r\n\r\n')
    expect(got).toMatch(/\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n$/)
  })

  it.each([
    ['TE: trailers', ['trailers'], ['keep-alive, TE']],
    ['TE: Trailers', ['trailers'], ['keep-alive, TE']],
    ['TE: gzip;q=0.5 , trailers', ['trailers'], ['keep-alive, TE']],
    ['TE: no-trailers', [], ['keep-alive']],
    ['TE: gzip', [], ['keep-alive']],
  ])('a client that says %s tells the pod %j', async (line, te, connection) => {
    const got = await received(`GET / HTTP/1.1\r\n${line}`, '', '\r\n\r\n')
    expect(valuesOf(got, 'te')).toEqual(te)
    expect(valuesOf(got, 'connection')).toEqual(connection)
  })
})
