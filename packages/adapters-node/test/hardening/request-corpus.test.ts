import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestCase } from './corpus/case.ts'
import { requestFamilies } from './corpus/index.ts'
import { type CorpusGateway, startGateway } from './corpus-gateway.ts'
import { LENIENT, type Message, readRequests, readResponses } from './message-reader.ts'
import { lastRequest, talk } from './raw-client.ts'
import { ownAnswer, type RecordingPod } from './recording-pod.ts'

const cases = requestFamilies.flatMap(({ title, cases: all }) =>
  all.map((one) => [`${title}: ${one.name}`, one] as const),
)

it('has cases whose names are their own', () => {
  expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length)
  expect(cases.length).toBeGreaterThanOrEqual(150)
})

describe('a request through node:http and forward()', () => {
  const { gateway, following } = running()

  it.each(cases)('%s', async (_name, one) => {
    const { port, pod } = gateway()
    pod.forget()
    const goesOn = !(one.closes ?? one.answers.some((status) => status >= 400))
    const text = await talk({
      port,
      bytes: one.bytes,
      ...(one.ends && { ends: true }),
      methods: one.answers.map((_, i) => one.pod[i]?.line.split(' ')[0] ?? 'GET'),
      ...(goesOn && { last: lastRequest('/last') }),
    })
    await following()
    expectAnswers(one, text, goesOn)
    expectPod(one, pod, goesOn)
  })
})

describe.each([
  ['byte by byte', true, {}, undefined],
  // Some bytes are half a request to this parser: the client has then stopped within it.
  ['with insecureHTTPParser', false, { insecureHTTPParser: true }, 300],
])('a request %s', (_how, isBytewise, options, stallMs) => {
  const { gateway, following } = running(options, stallMs)

  it.each(cases)('leaves the pod in no doubt: %s', async (_name, one) => {
    const { port, pod } = gateway()
    pod.forget()
    const text = await talk({
      port,
      // The request of somebody else behind it, as a gateway before this one could send it on the same connection.
      bytes: one.bytes + (one.ends ? '' : lastRequest('/last')),
      isBytewise,
      ...(one.ends && { ends: true }),
      methods: [],
    })
    await following()
    const asked = requestsAt(pod)
    for (const { start } of finalAnswers(text))
      expect(start).toMatch(/^HTTP\/1\.1 (200|400|408|413|417|431) /)
    for (const { headers, body } of finalAnswers(text)) {
      const to = headers.find(([name]) => name === 'X-Answer-To')?.[1]
      if (to === undefined) continue
      expect(body).toBe(to)
      expect(asked.map(({ start }) => start)).toContain(to)
    }
    if (isBytewise && !one.pod.some(({ line }) => line.includes('smuggled'))) {
      expect(asked.filter(({ start }) => start.includes('smuggled'))).toEqual([])
    }
  })
})

/** A gateway for the tests of a `describe`, and a request that has to get its own answer after each. */
function running(options = {}, stallMs?: number) {
  let started: CorpusGateway
  let count = 0
  beforeAll(async () => {
    started = await startGateway(ownAnswer, options, stallMs)
  })
  afterAll(() => started.close())
  const following = async () => {
    const { port, pod } = started
    const target = `/following-${++count}`
    const text = await talk({ port, bytes: lastRequest(target), methods: [] })
    expect(finalAnswers(text).map(({ body }) => body)).toEqual([`GET ${target} HTTP/1.1`])
    await pod.until(() => pod.connections.every(({ bytes, isClosed }) => isClosed || isWhole(bytes)))
  }
  return { gateway: () => started, following }
}

const isWhole = (bytes: string) => readRequests(bytes).rest === ''

/** What stood in the client's bytes, read in every way. */
function finalAnswers(text: string): readonly Message[] {
  const { messages, fault } = readResponses(text, Array(10).fill('GET'), true)
  expect(fault, text).toBeUndefined()
  for (const dialect of LENIENT) {
    expect(readResponses(text, Array(10).fill('GET'), true, dialect).messages, dialect.name).toEqual(messages)
  }
  return messages.filter(({ start }) => !start.startsWith('HTTP/1.1 1'))
}

/** The complete requests that have reached the pod, but for the one that follows each case; every reader finds the same. */
function requestsAt(pod: RecordingPod): readonly Message[] {
  return pod.connections
    .flatMap(({ bytes }) => {
      const strict = readRequests(bytes)
      expect(strict.fault, bytes).toBeUndefined()
      for (const dialect of LENIENT) {
        const lenient = readRequests(bytes, dialect)
        expect(bodiesOf(lenient.messages), `${dialect.name}: ${bytes}`).toEqual(bodiesOf(strict.messages))
        expect(lenient.rest, dialect.name).toBe(strict.rest)
      }
      return strict.messages
    })
    .filter(({ start }) => !start.startsWith('GET /following-'))
}

const bodiesOf = (messages: readonly Message[]) => messages.map(({ start, body }) => [start, body])

function expectAnswers(one: RequestCase, text: string, goesOn: boolean): void {
  const answers = finalAnswers(text)
  const statuses = answers.map(({ start }) => Number(start.split(' ')[1]))
  expect(statuses).toEqual(goesOn ? [...one.answers, 200] : one.answers)
  if (goesOn) expect(answers.at(-1)?.body).toBe('GET /last HTTP/1.1')
  const body = answers.at(-1)?.body ?? ''
  if (one.code !== undefined) expect(JSON.parse(body).code).toBe(one.code)
  else if (!goesOn) expect(body).not.toContain('"code"')
  for (const [i, { line }] of one.pod.entries())
    if (one.answers[i] === 200) expect(answers[i]?.body).toBe(line)
}

function expectPod(one: RequestCase, pod: RecordingPod, goesOn: boolean): void {
  const asked = requestsAt(pod).filter(({ start }) => start !== 'GET /last HTTP/1.1')
  expect(asked.map(({ start, body }) => [start, body]).sort()).toEqual(
    one.pod.map(({ line, body = '' }) => [line, body]).sort(),
  )
  const begun = pod.connections.filter(({ bytes }) => readRequests(bytes).rest !== '')
  expect(begun.length > 0, 'the beginning of a request reached the pod').toBe(one.isCut === true)
  for (const { line, has = [], lacks = [] } of one.pod) {
    const fields = asked.find(({ start }) => start === line)?.headers ?? []
    const lines = fields.map(([name, value]) => `${name}: ${value}`)
    expect(lines).toEqual(expect.arrayContaining([...has]))
    for (const name of ['Host', 'Connection'])
      expect(lines.filter((text) => text.startsWith(`${name}: `))).toHaveLength(1)
    const names = fields.map(([name]) => name.toLowerCase())
    for (const name of lacks) expect(names).not.toContain(name)
  }
  expect(goesOn || !one.answers.includes(500)).toBe(true)
}
