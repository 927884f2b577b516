import { once } from 'node:events'
import { Agent, createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSticky, endpointSet, header, type Sticky } from '@limpet/core'
import { fakeClock } from '@limpet/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Forwarder, forward } from '../src/index.ts'
import { readAnswer } from '../src/testing/client.ts'
import { type EchoPod, startEchoPod } from '../src/testing/echo-pod.ts'
import { requestUpgrade } from '../src/testing/upgrade-client.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Scene {
  readonly clock: ReturnType<typeof fakeClock>
  readonly pool: Sticky
  readonly pod: EchoPod
  readonly proxy: Forwarder
  readonly port: number
  /** What the pod has been asked and has not answered; the next one that comes resolves. */
  asked(): Promise<ServerResponse>
}

async function scene(): Promise<Scene> {
  const waiting: ServerResponse[] = []
  const wanted: ((response: ServerResponse) => void)[] = []
  const pod = await startEchoPod('p', {
    answer: (_request, response) => {
      const take = wanted.shift()
      if (take) take(response)
      else waiting.push(response)
    },
  })
  const clock = fakeClock()
  const pool = createSticky({ key: header('x'), endpoints: [pod.endpoint] })
  const proxy = forward(pool, { clock })
  const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => pod.close(),
    () => pool.close(),
    () => proxy.close({ graceMs: 0 }),
    () => server.close(),
    () => server.closeAllConnections(),
  )
  const asked = () => {
    const first = waiting.shift()
    return first ? Promise.resolve(first) : new Promise<ServerResponse>((resolve) => wanted.push(resolve))
  }
  return { clock, pool, pod, proxy, port: (server.address() as AddressInfo).port, asked }
}

function ask(port: number, agent: Agent | false = false) {
  const sent = request({ port, host: '127.0.0.1', agent, headers: { x: 'k' } }).end()
  const answer = new Promise<Awaited<ReturnType<typeof readAnswer>>>((resolve, reject) => {
    sent.on('response', (message) => readAnswer(message).then(resolve, reject)).on('error', reject)
  })
  answer.catch(() => undefined)
  return answer
}

/** Whether a promise is settled once every turn that is due has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const mark = Symbol('pending')
  const turn = new Promise((resolve) => setImmediate(() => setImmediate(resolve, mark)))
  return (await Promise.race([promise, turn])) === mark
}

describe('close() of forward()', () => {
  it('waits for what is under way, whose answers end their connections, and refuses what comes', async () => {
    const { clock, proxy, port, asked } = await scene()
    const agent = new Agent({ keepAlive: true })
    closers.push(() => agent.destroy())
    const first = ask(port, agent)
    const held = await asked()
    const closed = proxy.close()
    const refused = await ask(port)
    expect([refused.status, refused.headers.connection, refused.json()]).toEqual([
      503,
      'close',
      { code: 'closed', message: 'forward() was closed' },
    ])
    expect(await isPending(closed)).toBe(true)
    held.end('late')
    const answer = await first
    expect([answer.status, answer.body.toString(), answer.headers.connection]).toEqual([200, 'late', 'close'])
    await closed
    expect(clock.pending).toBe(0)
  })

  it('still connects for a request whose route is answered after the end began', async () => {
    const pod = await startEchoPod('p')
    let answer = (_route: unknown): void => undefined
    const isAsked = Promise.withResolvers<void>()
    const proxy = forward({
      route: () => {
        isAsked.resolve()
        return new Promise((resolve) => {
          answer = resolve
        })
      },
      close: async () => undefined,
    } as never)
    const server = createServer(proxy.request).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(
      () => pod.close(),
      () => server.close(),
    )
    const asking = ask((server.address() as AddressInfo).port)
    await isAsked.promise
    const closed = proxy.close()
    const lease = { settle: () => undefined, done: () => undefined }
    answer({ kind: 'bound', endpoint: endpointSet([pod.endpoint]).endpoints[0], ...lease })
    expect((await asking).status).toBe(200)
    await closed
  })

  it('cuts requests and upgraded streams at the deadline', async () => {
    const { clock, pool, proxy, port, asked } = await scene()
    const asking = ask(port)
    await asked()
    const upgrade = await requestUpgrade(port, '/', { headers: { x: 'k' } })
    if (upgrade.kind !== 'upgraded') throw new Error('not upgraded')
    const closed = proxy.close({ graceMs: 1_000 })
    clock.advance(999)
    upgrade.connection.send(Buffer.from('on'))
    expect((await upgrade.connection.receive(2)).toString()).toBe('on')
    expect(await isPending(closed)).toBe(true)
    clock.advance(1)
    await expect(asking).rejects.toThrow('socket hang up')
    await upgrade.connection.closed
    await closed
    expect([pool.inFlight, clock.pending]).toEqual([0, 0])
  })

  it('refuses upgrades that come later', async () => {
    const { proxy, port } = await scene()
    await proxy.close()
    const upgrade = await requestUpgrade(port, '/', { headers: { x: 'k' } })
    if (upgrade.kind !== 'answered') throw new Error('upgraded')
    expect([upgrade.answer.status, upgrade.answer.json()]).toMatchObject([503, { code: 'closed' }])
  })

  it.each([
    ['a shorter one', 5_000, 1_000],
    ['not a longer one', 1_000, 5_000],
    ['none', 1_000, Number.POSITIVE_INFINITY],
  ])('takes the earliest deadline of several calls: %s', async (_what, first, second) => {
    const { clock, proxy, port, asked } = await scene()
    const asking = ask(port)
    await asked()
    const closed = Promise.all([proxy.close({ graceMs: first }), proxy.close({ graceMs: second })])
    clock.advance(999)
    expect(await isPending(closed)).toBe(true)
    clock.advance(1)
    await expect(asking).rejects.toThrow('socket hang up')
    await closed
  })

  it('cuts when its signal is aborted, also one that was before', async () => {
    for (const isBefore of [false, true]) {
      const { clock, proxy, port, asked } = await scene()
      const asking = ask(port)
      await asked()
      const abort = new AbortController()
      if (isBefore) abort.abort()
      const closed = proxy.close({ signal: abort.signal })
      abort.abort()
      await expect(asking).rejects.toThrow('socket hang up')
      await closed
      expect(clock.pending).toBe(0)
    }
  })

  it.each([
    ['graceMs', { graceMs: -1 }],
    ['signal', { signal: {} as never }],
    ['grace', { grace: 1 } as never],
  ])('rejects with the name of a bad option, and goes on: %s', async (name, options) => {
    const { proxy, port, asked } = await scene()
    await expect(proxy.close(options)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(`close.${name}`),
    })
    const asking = ask(port)
    const held = await asked()
    held.end()
    expect((await asking).status).toBe(200)
  })
})
