import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Http2ResponseCase, http2ResponseFamilies } from './corpus/http2-responses.ts'
import { type Front, startFront } from './corpus-gateway.ts'
import { finalAnswers } from './every-reading.ts'
import { Http2Pod } from './http2-pod.ts'
import { readResponses } from './message-reader.ts'
import { lastRequest, talk } from './raw-client.ts'

const cases = http2ResponseFamilies.flatMap(({ title, cases: all }) =>
  all.map((one) => [`${title}: ${one.name}`, one] as const),
)

it('has cases whose names are their own', () => {
  expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length)
})

describe('a response of HTTP/2 to a client of HTTP/1.1', () => {
  const pod = new Http2Pod()
  let gateway: Front
  beforeAll(async () => {
    gateway = await startFront(await pod.listen())
  })
  afterAll(async () => {
    await gateway.close()
    await pod.close()
  })

  it.each(cases)('%s', async (_name, one) => {
    const { method = 'GET', client, frames } = one
    pod.play(frames)
    const text = await talk({
      port: gateway.port,
      bytes: `${method} /case HTTP/1.1\r\nHost: shop\r\nX-Session: k\r\n\r\n`,
      methods: [method],
      ...(client !== 'cut' && { last: lastRequest('/last') }),
    })
    expectClient(one, text)
    const following = await talk({ port: gateway.port, bytes: lastRequest('/following'), methods: [] })
    expect(finalAnswers(following).map(({ body }) => body)).toEqual(['ok'])
  })
})

function expectClient(one: Http2ResponseCase, text: string): void {
  const { method = 'GET', client, body = '', has = [], lacks = [] } = one
  if (client === 'cut') {
    expect(readResponses(text, [method], false)).toMatchObject({ messages: [], fault: undefined })
    return
  }
  const [answer, last] = finalAnswers(text, [method, 'GET'])
  expect(last?.body).toBe('ok')
  expect(answer?.start.split(' ')[1]).toBe(String(client))
  if (client === 502) return expect(JSON.parse(answer?.body ?? '').code).toMatch(/^upstream-/)
  expect(answer?.body).toBe(body)
  const headers = answer?.headers ?? []
  expect(headers.map(([name, value]) => `${name}: ${value}`)).toEqual(expect.arrayContaining([...has]))
  for (const name of lacks) expect(headers.map(([each]) => each.toLowerCase())).not.toContain(name)
}
