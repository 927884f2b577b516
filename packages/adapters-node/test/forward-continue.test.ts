import { describe, expect, it, onTestFinished } from 'vitest'
import type { ForwardOptions } from '../src/index.ts'
import { refusingPort } from '../src/testing/held-port.ts'
import { inOrder } from '../src/testing/in-order.ts'
import { codeOf, OK, statusLineOf, valuesOf, type Wire, wireGateway, wirePod } from './wire.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const EXPECTING = 'POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n'

/** A gateway in front of one pod, its client's connection, and the pod's as soon as a request has come. */
async function scene(options: ForwardOptions = {}, checkContinue = true) {
  const met = Promise.withResolvers<Wire>()
  const pod = await wirePod((wire) => met.resolve(wire))
  const { client, routing } = await wireGateway([pod.url], options, { checkContinue })
  return { client: client(), pod: met.promise, routing }
}

describe('checkContinue', () => {
  it('lets the pod tell the client to go on', async () => {
    const { client, pod } = await scene()
    client.write(EXPECTING)
    const wire = await pod
    expect(valuesOf(await wire.take(), 'expect')).toEqual(['100-continue'])
    expect(client.text).toBe('')
    wire.write(CONTINUE)
    expect(await client.take()).toBe(CONTINUE)
    client.write('body')
    await wire.take('body')
    wire.write(OK)
    const answer = await client.take('ok')
    expect(statusLineOf(answer)).toBe('HTTP/1.1 200 OK')
    // The connection goes on: both sides know where the next request begins.
    expect(valuesOf(answer, 'connection')).toEqual(['keep-alive'])
    client.write('GET /2 HTTP/1.1\r\nHost: shop\r\n\r\n')
    expect(statusLineOf(await wire.take())).toBe('GET /2 HTTP/1.1')
  })

  it.each(['417 Expectation Failed', '413 Payload Too Large', '200 OK'])(
    'passes a %s on that comes first, with the end of both connections and no byte of the body',
    async (status) => {
      const { client, pod, routing } = await scene()
      client.write(EXPECTING)
      const wire = await pod
      await wire.take()
      wire.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`)
      const answer = await client.rest()
      expect(statusLineOf(answer)).toBe(`HTTP/1.1 ${status}`)
      expect(valuesOf(answer, 'connection')).toEqual(['close'])
      expect(await wire.rest()).toBe('')
      await routing.idle()
    },
  )

  it('passes the answer on of a pod that never says 100, when the client has sent its body unasked', async () => {
    const { client, pod } = await scene()
    client.write(EXPECTING)
    const wire = await pod
    await wire.take()
    client.write('body')
    await wire.take('body')
    wire.write(OK)
    const answer = await client.rest()
    expect(statusLineOf(answer)).toBe('HTTP/1.1 200 OK')
    expect(answer).not.toContain('100 Continue')
  })

  it('tells the client to go on once, however often the pod does', async () => {
    const { client, pod } = await scene()
    client.write(EXPECTING)
    const wire = await pod
    await wire.take()
    wire.write(CONTINUE + CONTINUE)
    expect(await client.take()).toBe(CONTINUE)
    client.write('body')
    await wire.take('body')
    wire.write(CONTINUE + OK)
    expect(statusLineOf(await client.take('ok'))).toBe('HTTP/1.1 200 OK')
  })

  it('answers 504 to a client that waits for a silent pod: it is the pod that has to speak', async () => {
    const { client, pod } = await scene({ responseTimeoutMs: 50 })
    client.write(EXPECTING)
    await (await pod).take()
    const answer = await client.rest()
    expect(statusLineOf(answer)).toBe('HTTP/1.1 504 Gateway Timeout')
    expect(codeOf(answer)).toBe('upstream-timeout')
    expect(valuesOf(answer, 'connection')).toEqual(['close'])
  })

  it('answers 408 to one that was told to go on and does not', async () => {
    const { client, pod } = await scene({ responseTimeoutMs: 50 })
    client.write(EXPECTING)
    const wire = await pod
    await wire.take()
    wire.write(CONTINUE)
    await client.take()
    expect(statusLineOf(await client.rest())).toBe('HTTP/1.1 408 Request Timeout')
  })

  it('answers 408 to one that went on by itself and stopped', async () => {
    const { client, pod } = await scene({ responseTimeoutMs: 50 })
    client.write(EXPECTING)
    await (await pod).take()
    client.write('bo')
    expect(statusLineOf(await client.rest())).toBe('HTTP/1.1 408 Request Timeout')
  })

  it('takes no notice of an Expect without a body', async () => {
    const { client, pod } = await scene()
    client.write('GET / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\n\r\n')
    const wire = await pod
    expect(valuesOf(await wire.take(), 'expect')).toEqual([])
    wire.write(OK)
    expect(statusLineOf(await client.take('ok'))).toBe('HTTP/1.1 200 OK')
  })

  it('closes the connection where nobody is there to say 100', async () => {
    const { client } = await wireGateway([])
    const wire = client()
    wire.write(EXPECTING)
    const answer = await wire.rest()
    expect([codeOf(answer), valuesOf(answer, 'connection')]).toEqual(['no-endpoints', ['close']])
  })

  it('sends the body to the next pod where the first cannot be connected', async () => {
    const dead = await refusingPort()
    onTestFinished(dead.release)
    const met = Promise.withResolvers<Wire>()
    const pod = await wirePod((wire) => met.resolve(wire))
    const endpoints = [`http://127.0.0.1:${dead.port}`, pod.url]
    const gateway = await wireGateway(endpoints, {}, { pool: { placement: inOrder } })
    const client = gateway.client()
    client.write(EXPECTING)
    const wire = await met.promise
    expect(valuesOf(await wire.take(), 'expect')).toEqual(['100-continue'])
    wire.write(CONTINUE)
    await client.take()
    client.write('body')
    await wire.take('body')
    wire.write(OK)
    expect(statusLineOf(await client.take('ok'))).toBe('HTTP/1.1 200 OK')
  })
})

it('without checkContinue node answers, and the pod hears no Expect', async () => {
  const { client, pod } = await scene({}, false)
  client.write(EXPECTING)
  expect(await client.take()).toBe(CONTINUE)
  client.write('body')
  const wire = await pod
  const head = await wire.take()
  expect(valuesOf(head, 'expect')).toEqual([])
  await wire.take('body')
  // The pod's own 100 is no news.
  wire.write(CONTINUE + OK)
  expect(statusLineOf(await client.take('ok'))).toBe('HTTP/1.1 200 OK')
})
