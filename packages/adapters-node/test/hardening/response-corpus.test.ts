import { describe, expect, it } from 'vitest'
import { responseFamilies } from './corpus/index.ts'
import type { ResponseCase } from './corpus/response-case.ts'
import { answers } from './every-reading.ts'
import { type Message, readResponses } from './message-reader.ts'
import { lastRequest, talk } from './raw-client.ts'
import { ownAnswer } from './recording-pod.ts'
import { running } from './running-gateway.ts'

const cases = responseFamilies.flatMap(({ title, cases: all }) =>
  all.map((one) => [`${title}: ${one.name}`, one] as const),
)

it('has cases whose names are their own', () => {
  expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length)
  expect(cases.length).toBeGreaterThanOrEqual(80)
})

describe.each([
  ['at once', false],
  ['byte by byte', true],
])('a response of a pod, %s', (_how, isBytewise) => {
  let playing: ResponseCase
  const { gateway, following } = running({
    answer: (request) =>
      request.start.includes(' /case ') ? { ...playing, isBytewise } : ownAnswer(request),
  })

  it.each(cases.filter(([, one]) => !isBytewise || !one.hasMore))('%s', async (_name, one) => {
    const { port, pod } = gateway()
    const { method = 'GET', asks = '', closes = false } = one
    pod.forget()
    playing = one
    const text = await talk({
      port,
      bytes: `${method} /case HTTP/1.1\r\nHost: shop\r\nX-Session: k\r\n${asks}\r\n`,
      methods: [method],
      ...(!closes && { last: lastRequest('/last') }),
    })
    await following()
    expectClient(one, text)
    const used = pod.connections.filter(({ bytes }) => bytes.includes(' /case '))
    expect(used).toHaveLength(1)
    if (one.isKept) expect(used[0]?.bytes).toContain(' /following-')
    else await pod.until(() => used[0]?.isClosed === true)
    if (!one.isKept) expect(used[0]?.bytes).not.toContain(' /following-')
  })
})

describe('a pod that speaks without being asked', () => {
  // Longer than the test: no time-out closes the connection in place of the fault.
  const { gateway, following } = running({ stallMs: 60_000 })

  it.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    'HTTP/1.1 100 Continue\r\n\r\n',
    '\r\n',
    '\0',
  ])('loses its idle connection: %j', async (bytes) => {
    const { pod } = gateway()
    await following()
    const idle = [...pod.connections]
    pod.say(bytes)
    await pod.until(() => idle.every(({ isClosed }) => isClosed))
    await following()
  })
})

function expectClient({ client, method = 'GET', closes = false }: ResponseCase, text: string): void {
  if (client.kind === 'cut') {
    expect(readResponses(text, [method], false)).toMatchObject({ messages: [], fault: undefined })
    return
  }
  const all = answers(text, [method, 'GET'])
  const finals = all.filter(({ start }) => !start.startsWith('HTTP/1.1 1'))
  const answer = finals[0] as Message
  expect(finals.slice(1).map(({ body }) => body)).toEqual(closes ? [] : ['GET /last HTTP/1.1'])
  if (client.kind === 'refused') {
    expect(answer.start).toBe('HTTP/1.1 502 Bad Gateway')
    if (method !== 'HEAD') expect(JSON.parse(answer.body).code).toBe(client.code ?? 'upstream-malformed')
    return
  }
  const { status, body, interim = [], has = [], lacks = [], trailers = [] } = client
  expect(answer.start.split(' ')[1]).toBe(String(status))
  expect(answer.body).toBe(body)
  const lines = answer.headers.map(([name, value]) => `${name}: ${value}`)
  expect(lines).toEqual(expect.arrayContaining([...has]))
  const names = answer.headers.map(([name]) => name.toLowerCase())
  for (const name of lacks) expect(names).not.toContain(name)
  expect(answer.trailers.map(([name, value]) => `${name}: ${value}`)).toEqual(trailers)
  const early = all.filter((message) => !finals.includes(message))
  expect(early.map(({ start }) => Number(start.split(' ')[1]))).toEqual(interim)
  for (const { headers } of early) {
    const framing = headers.filter(([name]) =>
      /^(?:content-length|transfer-encoding|connection)$/i.test(name),
    )
    expect(framing).toEqual([])
  }
}
