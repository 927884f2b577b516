import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ForwardOptions } from '../src/index.ts'
import { refusingPort } from '../src/testing/held-port.ts'
import { inOrder } from '../src/testing/in-order.ts'
import { answering, codeOf, OK, statusLineOf, until, type Wire, wireGateway, wirePod } from './wire.ts'

const PAUSELESS = { delayMs: 0 } as const
const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy'
const pool = { placement: inOrder, passiveHealth: false } as const
const GET = 'GET / HTTP/1.1'
const POST = 'POST / HTTP/1.1\r\nContent-Length: 4'

/** A pod that does with its nth request, over all connections, what the nth act says; the last act stands for the rest. */
async function scriptedPod(...acts: ((wire: Wire) => unknown)[]) {
  const heads: string[] = []
  const pod = await wirePod(async (wire) => {
    for (;;) {
      heads.push(await wire.take())
      acts[Math.min(heads.length, acts.length) - 1]?.(wire)
    }
  })
  return { ...pod, heads }
}

const reset = (wire: Wire) => wire.socket.resetAndDestroy()
const end = (wire: Wire) => wire.socket.end()
const ok = (wire: Wire) => wire.write(OK)
const busy = (wire: Wire) => wire.write(BUSY)
const silent = () => undefined

describe('a reset before any byte of an answer', () => {
  it.each([
    ['resets', reset],
    ['closes', end],
  ])('of a new connection is followed by the next endpoint: the pod %s', async (_what, act) => {
    const [bad, good] = [await scriptedPod(act), await scriptedPod(ok)]
    const { ask, routing } = await wireGateway([bad.url, good.url], {}, { pool })
    expect(statusLineOf(await ask(GET))).toBe('HTTP/1.1 200 OK')
    expect(routing.kinds).toEqual(['bound', 'moved'])
    expect([bad.heads.length, good.heads.length]).toEqual([1, 1])
  })

  it('of a kept connection is followed by a new one to the same endpoint', async () => {
    const [pod, other] = [await scriptedPod(ok, reset, ok), await scriptedPod(ok)]
    const { ask, routing } = await wireGateway([pod.url, other.url], {}, { pool })
    await ask(GET)
    expect(statusLineOf(await ask(GET))).toBe('HTTP/1.1 200 OK')
    expect(routing.kinds).toEqual(['bound', 'stuck'])
    expect([pod.wires.length, other.wires.length]).toEqual([2, 0])
  })

  it.each([
    ['a POST without body', 'POST / HTTP/1.1\r\nContent-Length: 0', '', {}],
    ['a POST', POST, 'body', {}],
    ['a PUT', 'PUT / HTTP/1.1\r\nContent-Length: 0', '', {}],
    ['a GET with a body', 'GET / HTTP/1.1\r\nContent-Length: 4', 'body', {}],
    ['a GET with chunks', 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked', '0\r\n\r\n', {}],
    ['a listed PUT with a body', 'PUT / HTTP/1.1\r\nContent-Length: 4', 'body', { methods: ['PUT'] }],
    ['a GET that is not listed', GET, '', { methods: ['HEAD'] }],
    ['a GET where resets are not', GET, '', { on: [503] as const }],
    ['a GET without budget', GET, '', { budget: 0, leastPerSecond: 0 }],
  ])('is 502 upstream-reset for %s, and not repeated anywhere', async (_what, head, body, retry) => {
    const [bad, good] = [await scriptedPod(reset), await scriptedPod(ok)]
    const { ask, routing } = await wireGateway([bad.url, good.url], { retry }, { pool })
    const answer = await ask(head, body)
    expect([statusLineOf(answer), codeOf(answer)]).toEqual(['HTTP/1.1 502 Bad Gateway', 'upstream-reset'])
    expect([bad.wires.length, good.wires.length]).toEqual([1, 0])
    await routing.idle()
  })

  it('is 502 upstream-reset with retry: false', async () => {
    const [bad, good] = [await scriptedPod(reset), await scriptedPod(ok)]
    const { ask } = await wireGateway([bad.url, good.url], { retry: false }, { pool })
    expect(codeOf(await ask(GET))).toBe('upstream-reset')
    expect(good.heads).toHaveLength(0)
  })

  it('is repeated for a listed PUT or DELETE without a body', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const [bad, good] = [await scriptedPod(reset), await scriptedPod(ok)]
      const { ask } = await wireGateway([bad.url, good.url], { retry: { methods: [method] } }, { pool })
      expect(statusLineOf(await ask(`${method} / HTTP/1.1\r\nContent-Length: 0`))).toBe('HTTP/1.1 200 OK')
      expect(good.heads).toHaveLength(1)
    }
  })

  it.each([
    ['a part of a head', 'HTTP/1.1 2'],
    ['an interim response', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
  ])('is not what follows %s', async (_what, bytes) => {
    const [bad, good] = [
      await scriptedPod((wire) => {
        wire.write(bytes)
        wire.socket.end()
      }),
      await scriptedPod(ok),
    ]
    const { ask } = await wireGateway([bad.url, good.url], {}, { pool })
    expect(await ask(GET)).toMatch(/502 Bad Gateway.*upstream-reset/s)
    expect(good.heads).toHaveLength(0)
  })

  it('is followed by as many tries as the limit says', async () => {
    const pods = [await scriptedPod(reset), await scriptedPod(reset), await scriptedPod(ok)]
    const endpoints = pods.map(({ url }) => url)
    const once = await wireGateway(endpoints, { retry: { limit: 1 } }, { pool })
    expect(codeOf(await once.ask(GET))).toBe('upstream-reset')
    expect(pods.map(({ heads }) => heads.length)).toEqual([1, 1, 0])
    const twice = await wireGateway(endpoints, {}, { pool })
    expect(statusLineOf(await twice.ask(GET))).toBe('HTTP/1.1 200 OK')
  })
})

describe('a listed status', () => {
  it('is followed by a try at the same endpoint, and the client sees the last answer alone', async () => {
    const [pod, other] = [await scriptedPod(busy, busy, ok), await scriptedPod(ok)]
    const { ask, routing } = await wireGateway(
      [pod.url, other.url],
      { retry: { on: [503], ...PAUSELESS } },
      { pool },
    )
    const answer = await ask(GET)
    expect(statusLineOf(answer)).toBe('HTTP/1.1 200 OK')
    expect(answer).not.toContain('busy')
    expect(routing.kinds).toEqual(['bound'])
    expect([pod.heads.length, other.heads.length]).toEqual([3, 0])
  })

  it('is the answer when the limit is reached, with its body', async () => {
    const pod = await scriptedPod(busy)
    const { ask } = await wireGateway([pod.url], { retry: { on: [503], limit: 3, ...PAUSELESS } })
    expect(await ask(GET)).toMatch(/^HTTP\/1.1 503 Busy\r\n.*\r\n\r\nbusy$/s)
    expect(pod.heads).toHaveLength(4)
  })

  it.each([
    ['a POST', POST, 'body', {}],
    ['a status that is not listed', GET, '', { on: [502] as const }],
    ['no budget', GET, '', { budget: 0, leastPerSecond: 0 }],
  ])('is the answer with %s', async (_what, head, body, retry) => {
    const pod = await scriptedPod(busy, ok)
    const { ask } = await wireGateway([pod.url], { retry: { on: [503], ...PAUSELESS, ...retry } })
    expect(await ask(head, body)).toMatch(/^HTTP\/1.1 503 Busy\r\n.*\r\n\r\nbusy$/s)
    expect(pod.heads).toHaveLength(1)
  })

  it('has its body thrown away, however long', async () => {
    const long = (wire: Wire) => {
      wire.write('HTTP/1.1 503 Busy\r\nContent-Length: 10000000\r\n\r\nbusy')
    }
    const pod = await scriptedPod(long, ok)
    const { ask } = await wireGateway([pod.url], { retry: { on: [503], ...PAUSELESS } })
    expect(statusLineOf(await ask(GET))).toBe('HTTP/1.1 200 OK')
    await pod.wires[0]?.rest()
  })

  it('stops being repeated when the budget is spent', async () => {
    const pod = await scriptedPod(busy)
    const retry = { on: [503], limit: 1, budget: 0.5, leastPerSecond: 0, ...PAUSELESS }
    const { ask } = await wireGateway([pod.url], { retry, clock: standing() })
    for (let i = 0; i < 10; i++) await ask(GET)
    // A try for every second request: 10 and 5.
    expect(pod.heads).toHaveLength(15)
  })
})

/** The time stands still, and what is to happen later happens at once. */
function standing(): NonNullable<ForwardOptions['clock']> {
  return {
    now: () => 0,
    after(delayMs, callback) {
      const immediate = delayMs === 0 ? setImmediate(callback) : undefined
      return () => clearImmediate(immediate)
    },
  }
}

describe('a timeout', () => {
  it('is 504 by default, and not repeated', async () => {
    const pod = await scriptedPod(silent)
    const { ask } = await wireGateway([pod.url], { responseTimeoutMs: 30 })
    expect(codeOf(await ask(GET))).toBe('upstream-timeout')
    expect(pod.heads).toHaveLength(1)
  })

  it('is followed by a try at the same endpoint where it is listed', async () => {
    const [pod, other] = [await scriptedPod(silent, ok), await scriptedPod(ok)]
    const options = { responseTimeoutMs: 30, retry: { on: ['timeout'], ...PAUSELESS } } as const
    const { ask, routing } = await wireGateway([pod.url, other.url], options, { pool })
    expect(statusLineOf(await ask(GET))).toBe('HTTP/1.1 200 OK')
    expect(routing.kinds).toEqual(['bound'])
    expect([pod.heads.length, other.heads.length]).toEqual([2, 0])
  })

  it('is 504 for a POST where it is listed, and for a response that has begun', async () => {
    const begun = (wire: Wire) => wire.write('HTTP/1.1 200')
    const [slow, half] = [await scriptedPod(silent, ok), await scriptedPod(begun, ok)]
    const options = { responseTimeoutMs: 30, retry: { on: ['timeout'], ...PAUSELESS } } as const
    const first = await wireGateway([slow.url], options)
    expect(codeOf(await first.ask(POST, 'body'))).toBe('upstream-timeout')
    const second = await wireGateway([half.url], options)
    expect(codeOf(await second.ask(GET))).toBe('upstream-timeout')
    expect([slow.heads.length, half.heads.length]).toEqual([1, 1])
  })
})

describe('the pause before a try', () => {
  it('is random within a bound that doubles, and nothing is sent before it is over', async () => {
    const clock = fakeClock()
    const pod = await scriptedPod(busy, busy, ok)
    const retry = { on: [503], delayMs: 100 }
    const { client } = await wireGateway([pod.url], { retry, clock, random: () => 0.5, keepAliveMs: 0 })
    const wire = client()
    wire.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => pod.heads.length === 1 && pod.wires[0]?.isClosed === true)
    clock.advance(49)
    expect(pod.wires).toHaveLength(1)
    clock.advance(1)
    await until(() => pod.wires.length === 2 && pod.wires[1]?.isClosed === true)
    clock.advance(99)
    expect(pod.wires).toHaveLength(2)
    clock.advance(1)
    expect(statusLineOf(await wire.take('ok'))).toBe('HTTP/1.1 200 OK')
    expect(pod.heads).toHaveLength(3)
  })

  it('ends with the client', async () => {
    const clock = fakeClock()
    const pod = await scriptedPod(busy)
    const { client, routing } = await wireGateway([pod.url], {
      retry: { on: [503], delayMs: 1_000 },
      clock,
      random: () => 1,
    })
    const wire = client()
    wire.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => pod.wires[0]?.isClosed === true)
    expect(routing.openLeases).toBe(1)
    wire.socket.destroy()
    await routing.idle()
    clock.advance(60_000)
    expect(pod.heads).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})

it('a connection that fails costs no budget, and any request is tried elsewhere', async () => {
  const dead = await refusingPort()
  onTestFinished(dead.release)
  const good = await wirePod(answering(OK))
  const { ask } = await wireGateway([`http://127.0.0.1:${dead.port}`, good.url], { retry: false }, { pool })
  expect(statusLineOf(await ask(POST, 'body'))).toBe('HTTP/1.1 200 OK')
})
