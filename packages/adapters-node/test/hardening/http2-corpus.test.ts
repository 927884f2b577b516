import { describe, expect, it } from 'vitest'
import type { Http2Case } from './corpus/http2-requests.ts'
import { http2Families } from './corpus/http2-requests.ts'
import { requestsAt } from './every-reading.ts'
import { CASE, LAST, talkHttp2 } from './http2-client.ts'
import type { ConnectionAnswer } from './http2-frames.ts'
import { readRequests } from './message-reader.ts'
import type { RecordingPod } from './recording-pod.ts'
import { running } from './running-gateway.ts'

const cases = http2Families.flatMap(({ title, cases: all }) =>
  all.map((one) => [`${title}: ${one.name}`, one] as const),
)

it('has cases whose names are their own', () => {
  expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length)
})

describe('a request of HTTP/2 to a pod of HTTP/1.1', () => {
  const { gateway, following } = running()

  it.each(cases)('%s', async (_name, one) => {
    const { http2Port, pod } = gateway()
    pod.forget()
    const answer = await talkHttp2(http2Port, one.frames)
    await following()
    expectAnswer(one, answer)
    expectPod(one, pod)
  })
})

function expectAnswer(one: Http2Case, { streams, isGoingAway }: ConnectionAnswer): void {
  const own = streams.get(CASE)
  if (one.outcome === 'reset') expect(isGoingAway || own?.end === 'reset', JSON.stringify(own)).toBe(true)
  else {
    expect(own).toMatchObject({ status: one.outcome, end: 'ended' })
    if (one.outcome === 400) expect(JSON.parse(own?.body ?? '').code).toBe('request-malformed')
    else expect(own?.body).toBe(one.pod?.line)
  }
  if (!isGoingAway) expect(streams.get(LAST)).toMatchObject({ status: 200, body: 'GET /last HTTP/1.1' })
}

function expectPod(one: Http2Case, pod: RecordingPod): void {
  const asked = requestsAt(pod).filter(({ start }) => start !== 'GET /last HTTP/1.1')
  expect(asked.map(({ start, body }) => [start, body])).toEqual(
    one.pod ? [[one.pod.line, one.pod.body ?? '']] : [],
  )
  const begun = pod.connections.filter(({ bytes }) => readRequests(bytes).rest !== '')
  if (!one.isCut) expect(begun.map(({ bytes }) => bytes)).toEqual([])
  const { has = [], lacks = [] } = one.pod ?? {}
  const fields = asked[0]?.headers ?? []
  expect(fields.map(([name, value]) => `${name}: ${value}`)).toEqual(expect.arrayContaining([...has]))
  if (one.pod) expect(fields.filter(([name]) => name.toLowerCase() === 'host')).toHaveLength(1)
  for (const name of lacks) expect(fields.map(([each]) => each.toLowerCase())).not.toContain(name)
}
