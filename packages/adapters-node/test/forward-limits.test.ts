import type { Balancer } from '@limpet/core'
import { describe, expect, it } from 'vitest'
import type { ForwardOptions } from '../src/index.ts'
import {
  answering,
  codeOf,
  OK,
  statusLineOf,
  until,
  valuesOf,
  type Wire,
  wireGateway,
  wirePod,
} from './wire.ts'

const ONE: ForwardOptions = { maxRequestsPerEndpoint: 1 }

/** A pod that answers each request when told to, and what it was asked for, in order. */
async function heldPod() {
  const targets: string[] = []
  const answers: (() => void)[] = []
  const waiting: (() => void)[] = []
  const pod = await wirePod(async (wire: Wire) => {
    for (;;) {
      targets.push(statusLineOf(await wire.take()).split(' ')[1] as string)
      for (const wake of waiting.splice(0)) wake()
      await new Promise<void>((resolve) => answers.push(resolve))
      wire.write(OK)
    }
  })
  return {
    url: pod.url,
    wires: pod.wires,
    targets,
    /** Answers the oldest request that is not answered. */
    answer: () => answers.shift()?.(),
    async until(count: number) {
      while (targets.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}

const get = (target: string) => `GET ${target} HTTP/1.1`

describe('an endpoint with a limit', () => {
  it('serves the requests of a bound key in the order they came, one at a time', async () => {
    const [pod, other] = [await heldPod(), await wirePod(answering(OK))]
    const endpoints = [pod.url, other.url]
    const { ask, routing } = await wireGateway(endpoints, ONE, { pool: { placement: byOrder } })
    const first = ask(get('/0'))
    await pod.until(1)
    const asked: Promise<string>[] = []
    for (let i = 1; i <= 5; i++) {
      asked.push(ask(get(`/${i}`)))
      await until(() => routing.kinds.length === i + 1)
    }
    for (let i = 1; i <= 5; i++) {
      pod.answer()
      await pod.until(i + 1)
    }
    pod.answer()
    for (const answer of [await first, ...(await Promise.all(asked))]) expect(answer).toMatch(/200 OK.*ok$/s)
    expect(pod.targets).toEqual(['/0', '/1', '/2', '/3', '/4', '/5'])
    expect(pod.wires).toHaveLength(1)
    expect(other.wires).toHaveLength(0)
    expect(routing.kinds).toEqual(['bound', 'stuck', 'stuck', 'stuck', 'stuck', 'stuck'])
  })

  it('is 503 endpoint-busy where the queue is full, with Retry-After', async () => {
    const pod = await heldPod()
    const { ask, routing } = await wireGateway([pod.url], { ...ONE, maxQueuedPerEndpoint: 1 })
    const first = ask(get('/0'))
    await pod.until(1)
    const second = ask(get('/1'))
    await until(() => routing.kinds.length === 2)
    const third = await ask(get('/2'))
    expect(statusLineOf(third)).toBe('HTTP/1.1 503 Service Unavailable')
    expect([codeOf(third), valuesOf(third, 'retry-after')]).toEqual(['endpoint-busy', ['1']])
    pod.answer()
    await pod.until(2)
    pod.answer()
    expect(await first).toContain('200 OK')
    expect(await second).toContain('200 OK')
    await routing.idle()
    expect(pod.targets).toEqual(['/0', '/1'])
  })

  it('is 503 endpoint-busy after the deadline; the key stays where it is', async () => {
    const pod = await heldPod()
    const { ask, routing } = await wireGateway([pod.url], { ...ONE, queueTimeoutMs: 30 })
    const first = ask(get('/0'))
    await pod.until(1)
    expect(codeOf(await ask(get('/1')))).toBe('endpoint-busy')
    pod.answer()
    await first
    const last = ask(get('/2'))
    await pod.until(2)
    pod.answer()
    expect(await last).toContain('200 OK')
    expect(routing.kinds).toEqual(['bound', 'stuck', 'stuck'])
  })

  it('does not count a refusal against the endpoint', async () => {
    const pod = await heldPod()
    const options = { ...ONE, maxQueuedPerEndpoint: 0 }
    const pool = { passiveHealth: { connectFailures: 1 } }
    const { ask } = await wireGateway([pod.url], options, { pool })
    const first = ask(get('/0'))
    await pod.until(1)
    for (let i = 0; i < 5; i++) expect(codeOf(await ask(get('/1')))).toBe('endpoint-busy')
    pod.answer()
    await first
    const last = ask(get('/2'))
    await pod.until(2)
    pod.answer()
    expect(await last).toContain('200 OK')
  })

  it('passes over a client that went away while it waited, and reads nothing of its body', async () => {
    const pod = await heldPod()
    const { ask, client, routing } = await wireGateway([pod.url], ONE)
    const first = ask(get('/0'))
    await pod.until(1)
    const gone = client()
    gone.write('POST /gone HTTP/1.1\r\nHost: a\r\nX: k\r\nContent-Length: 9\r\n\r\nbody')
    await until(() => routing.kinds.length === 2)
    const last = ask(get('/1'))
    await until(() => routing.kinds.length === 3)
    gone.socket.destroy()
    await until(() => routing.openLeases === 2)
    pod.answer()
    await pod.until(2)
    pod.answer()
    await Promise.all([first, last])
    expect(pod.targets).toEqual(['/0', '/1'])
  })

  it('has its slot back when a client goes away within its request', async () => {
    const pod = await heldPod()
    const { ask, client } = await wireGateway([pod.url], { ...ONE, maxQueuedPerEndpoint: 1 })
    const gone = client()
    gone.write('GET /gone HTTP/1.1\r\nHost: a\r\nX: k\r\n\r\n')
    await pod.until(1)
    const last = ask(get('/1'))
    gone.socket.destroy()
    await pod.until(2)
    pod.answer()
    pod.answer()
    expect(await last).toContain('200 OK')
  })

  it('gives a slot to an upgraded stream until it ends', async () => {
    const pod = await wirePod(async (wire) => {
      const head = await wire.take()
      if (!head.includes('Upgrade: echo')) return wire.write(OK)
      wire.write('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
    })
    const { ask, client, routing } = await wireGateway([pod.url], ONE)
    const stream = client()
    stream.write('GET / HTTP/1.1\r\nHost: a\r\nX: k\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
    expect(statusLineOf(await stream.take())).toBe('HTTP/1.1 101 X')
    const waiting = ask(get('/1'))
    await until(() => routing.kinds.length === 2)
    expect(pod.wires).toHaveLength(1)
    stream.socket.destroy()
    expect(await waiting).toContain('200 OK')
  })

  it('repeats a request whose kept connection was closed within its own slot', async () => {
    const pod = await wirePod(async (wire, count) => {
      await wire.take()
      wire.write(OK)
      await wire.take()
      if (count === 1) wire.socket.destroy()
      else wire.write(OK)
    })
    const { ask } = await wireGateway([pod.url], { ...ONE, maxQueuedPerEndpoint: 0 })
    await ask(get('/0'))
    expect(statusLineOf(await ask(get('/1')))).toBe('HTTP/1.1 200 OK')
    expect(pod.wires).toHaveLength(2)
  })

  it('limits each endpoint for itself', async () => {
    const pods = [await heldPod(), await heldPod()]
    const endpoints = pods.map(({ url }) => url)
    const options = { ...ONE, maxQueuedPerEndpoint: 0 }
    const { client } = await wireGateway(endpoints, options, { pool: { placement: byOrder } })
    const wires = [client(), client()]
    // byOrder places the key of each number on its own endpoint.
    for (const [i, wire] of wires.entries()) wire.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${i}\r\n\r\n`)
    for (const [i, wire] of wires.entries()) {
      await pods[i]?.until(1)
      pods[i]?.answer()
      expect(await wire.take('ok')).toContain('200 OK')
    }
  })
})

/** Places the key `1` on the second endpoint, and every other on the first. */
const byOrder: Balancer = {
  name: 'byOrder',
  pick: ({ placeable }, { key }) => placeable[key === '1' ? 1 : 0],
}
