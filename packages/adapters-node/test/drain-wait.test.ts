import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createSticky, type DrainOutcome, header, memoryTable, StickyError } from '@limpet/core'
import { fakeClock } from '@limpet/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Drainable, type DrainWaitOptions, drainWait } from '../src/index.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A call of `drain` that the test ends. */
interface Drain {
  readonly identity: string
  readonly deadlineMs: number | undefined
  readonly signal: AbortSignal
  resolve(outcome: DrainOutcome): void
  reject(error: unknown): void
}

/** A pool whose drains end when the test says so, behind a server with the handler. */
async function start(options: DrainWaitOptions = {}, given?: Drainable) {
  const clock = fakeClock()
  const drains: Drain[] = []
  let changed = (): void => undefined
  const pool: Drainable = given ?? {
    drain: (identity, { deadlineMs, signal } = {}) =>
      new Promise((resolve, reject) => {
        drains.push({ identity, deadlineMs, signal: signal as AbortSignal, resolve, reject })
        signal?.addEventListener('abort', () => reject(signal.reason))
        changed()
      }),
  }
  const server = createServer(drainWait(pool, { clock, ...options })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  const ask = (path: string, method = 'GET', body?: string) =>
    new Promise<{ status: number | undefined; body: unknown; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const sent = httpRequest({ port, host: '127.0.0.1', path, method, agent: false }, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part
          })
          response.on('end', () =>
            resolve({
              status: response.statusCode,
              body: text === '' ? undefined : JSON.parse(text),
              headers: response.headers,
            }),
          )
        })
        sent.on('error', reject)
        sent.end(body)
      },
    )
  const drain = (count: number) =>
    new Promise<Drain>((resolve) => {
      changed = () => {
        if (drains.length >= count) resolve(drains[count - 1] as Drain)
      }
      changed()
    })
  return { clock, drains, drain, ask, port }
}

describe('drainWait()', () => {
  it.each<[DrainOutcome, number, object]>([
    [{ kind: 'drained', waitedMs: 12 }, 200, { code: 'drained', identity: 'web-1', waitedMs: 12 }],
    [
      { kind: 'deadline', cut: 3, waitedMs: 30_000 },
      200,
      { code: 'deadline', identity: 'web-1', cut: 3, waitedMs: 30_000 },
    ],
    [{ kind: 'gone', cut: 1, waitedMs: 5 }, 200, { code: 'gone', identity: 'web-1', cut: 1, waitedMs: 5 }],
    [
      { kind: 'undrained', waitedMs: 5 },
      409,
      { code: 'undrained', message: 'the drain of web-1 was taken back' },
    ],
  ])('answers %j with %i when the drain is over, and not before', async (outcome, status, body) => {
    const { clock, drain, ask } = await start()
    let hasAnswered = false
    const answer = ask('/drain?identity=web-1').finally(() => {
      hasAnswered = true
    })
    const { resolve, identity, signal } = await drain(1)
    clock.advance(24_999)
    expect([identity, hasAnswered, signal.aborted]).toEqual(['web-1', false, false])
    resolve(outcome)
    expect(await answer).toMatchObject({ status, body })
    expect(clock.pending).toBe(0)
  })

  it('takes POST with a body that it does not read, and the identity from the path', async () => {
    const { drain, ask } = await start()
    const answer = ask('/drain/web-1', 'POST', 'x'.repeat(10))
    ;(await drain(1)).resolve({ kind: 'drained', waitedMs: 0 })
    expect((await answer).status).toBe(200)
  })

  it('answers 202 when it has waited long enough, ends its wait, and leaves the drain alone', async () => {
    const { clock, drain, ask } = await start({ maxWaitMs: 1_000, bound: () => 7 })
    const answer = ask('/web-1')
    const { signal } = await drain(1)
    clock.advance(1_000)
    expect(await answer).toMatchObject({
      status: 202,
      body: { code: 'draining', identity: 'web-1', bound: 7 },
    })
    expect(signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('answers 202 also if the pool heeds no signal, and if the number of keys is not to be had', async () => {
    const begun = Promise.withResolvers<void>()
    const drain = () => {
      begun.resolve()
      return new Promise<never>(() => undefined)
    }
    const bound = () => {
      throw new Error('no count')
    }
    const { clock, ask } = await start({ bound }, { drain })
    const answer = ask('/web-1')
    await begun.promise
    clock.advance(25_000)
    expect((await answer).body).toEqual({ code: 'draining', identity: 'web-1' })
  })

  it('passes the deadline on: its own, or a shorter one of the request', async () => {
    const { drain, ask } = await start({ deadlineMs: 60_000 })
    const answers = [ask('/web-1')]
    expect((await drain(1)).deadlineMs).toBe(60_000)
    answers.push(ask('/web-1?deadlineMs=5000'))
    expect((await drain(2)).deadlineMs).toBe(5_000)
    for (const count of [1, 2]) (await drain(count)).resolve({ kind: 'drained', waitedMs: 1 })
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
    expect(await ask('/web-1?deadlineMs=60001')).toMatchObject({
      status: 400,
      body: { code: 'invalid-option', message: expect.stringContaining('deadlineMs: ') },
    })
  })

  it('does not put the deadline off for a client that asks again after 202', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock })
    const pool = createSticky({ key: header('x-key'), endpoints: ['http://a:1', 'http://b:1'], table, clock })
    closers.push(() => pool.close())
    await table.claim('key', 'a:1')
    let arrived = (): void => undefined
    const identity = () => {
      // The handler waits when this turn of the event loop is over.
      setImmediate(arrived)
      return 'a:1'
    }
    const { ask } = await start({ deadlineMs: 60_000, maxWaitMs: 20_001, clock, identity }, pool)
    const answers = []
    for (let count = 0; count < 3; count++) {
      const here = new Promise<void>((resolve) => {
        arrived = resolve
      })
      const answer = ask('/')
      await here
      clock.advance(count < 2 ? 20_001 : 19_998)
      answers.push((await answer).body)
    }
    expect(answers).toMatchObject([
      { code: 'draining' },
      { code: 'draining' },
      { code: 'deadline', cut: 1, waitedMs: 60_000 },
    ])
  })

  it('leaves the deadline to the pool where nobody names one', async () => {
    const { drain, ask } = await start()
    const answer = ask('/web-1')
    const asked = await drain(1)
    expect(asked.deadlineMs).toBeUndefined()
    asked.resolve({ kind: 'drained', waitedMs: 0 })
    await answer
  })

  it.each([
    [
      'an unknown identity',
      new StickyError('unknown-identity', 'no endpoint "web-1"'),
      404,
      'no endpoint "web-1"',
    ],
    ['a closed pool', new StickyError('closed', 'the pool was closed'), 503, 'the pool was closed'],
    ['any other error, without its words', new Error('secret'), 503, 'the drain failed'],
    ['an error of another code', new StickyError('table-timeout', 'slow'), 500, 'slow'],
  ])('answers %s', async (_what, error, status, message) => {
    const { clock, drain, ask } = await start()
    const answer = ask('/web-1')
    ;(await drain(1)).reject(error)
    expect(await answer).toMatchObject({ status, body: { message } })
    expect(clock.pending).toBe(0)
  })

  it('answers a pool that throws', async () => {
    const drain = () => {
      throw new Error('bug')
    }
    const { ask } = await start({}, { drain })
    expect((await ask('/web-1')).status).toBe(503)
  })

  it('refuses what it does not understand, and drains nothing then', async () => {
    const { drains, ask } = await start()
    expect(await ask('/')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('identity: ') },
    })
    expect(await ask('/web-1', 'DELETE')).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } })
    expect(drains).toEqual([])
  })

  it('asks the function for the identity, and takes one that throws for a bad request', async () => {
    const { drain, ask } = await start({ identity: ({ url }) => url?.slice(1, 6) })
    const answer = ask('/web-7/prestop')
    const { identity, resolve } = await drain(1)
    expect(identity).toBe('web-7')
    resolve({ kind: 'drained', waitedMs: 0 })
    await answer
    const broken = await start({
      identity: () => {
        throw new Error('secret')
      },
    })
    expect(await broken.ask('/web-1')).toMatchObject({
      status: 400,
      body: { message: 'identity: cannot be read' },
    })
  })

  it('lets no more wait than allowed, and lets others in when those have their answer', async () => {
    const { drain, ask } = await start({ maxWaiting: 2 })
    const answers = [ask('/web-1'), ask('/web-2')]
    await drain(2)
    expect(await ask('/web-3')).toMatchObject({
      status: 503,
      body: { code: 'queue-full' },
      headers: { 'retry-after': '1' },
    })
    ;(await drain(1)).resolve({ kind: 'drained', waitedMs: 0 })
    ;(await drain(2)).resolve({ kind: 'drained', waitedMs: 0 })
    await Promise.all(answers)
    const third = ask('/web-3')
    ;(await drain(3)).resolve({ kind: 'drained', waitedMs: 0 })
    expect((await third).status).toBe(200)
  })

  it('ends the wait of a client that goes away, its place and its timer with it', async () => {
    const { clock, drain, ask, port } = await start({ maxWaiting: 1 })
    const client = connect(port, '127.0.0.1')
    client.write('GET /web-1 HTTP/1.1\r\nHost: a\r\n\r\n')
    const { signal } = await drain(1)
    const aborted = once(signal, 'abort')
    client.destroy()
    await aborted
    expect(clock.pending).toBe(0)
    const next = ask('/web-1')
    ;(await drain(2)).resolve({ kind: 'drained', waitedMs: 0 })
    expect((await next).status).toBe(200)
  })

  it.each<[string, DrainWaitOptions]>([
    ['option "drainWait.maxWaitMs": expected milliseconds from 0', { maxWaitMs: -1 }],
    ['option "drainWait.deadlineMs": expected milliseconds from 0', { deadlineMs: Number.NaN }],
    ['option "drainWait.maxWaiting": expected an integer from 1', { maxWaiting: 0 }],
    ['option "drainWait.identity": expected a function', { identity: 'web-1' as never }],
    ['option "drainWait.bound": expected a function', { bound: 1 as never }],
    ['option "drainWait.clock": expected a Clock', { clock: {} as never }],
    ['option "drainWait.wait" is unknown; known: maxWaitMs', { wait: 1 } as DrainWaitOptions],
  ])('refuses bad options: %s', (message, options) => {
    expect(() => drainWait({ drain: () => Promise.reject(new Error()) }, options)).toThrow(message)
  })

  it('refuses what is no pool', () => {
    expect(() => drainWait({} as never)).toThrow('option "drainWait.pool": expected a pool')
  })
})
