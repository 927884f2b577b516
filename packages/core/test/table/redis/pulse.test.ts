import { Redis } from 'ioredis'
import { expect, it, vi } from 'vitest'
import { Pulse } from '../../../src/table/redis/pulse.ts'
import { type RedisSubscriber, redisInvalidations } from '../../../src/table/redis/redis-invalidations.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { tcpFaultProxy } from '../../support/redis/fault-proxy.ts'
import { quiet } from '../../support/redis/open-client.ts'
import { redisServer } from '../../support/redis/server.ts'
import { openTracking } from '../../support/redis/tracking-clients.ts'
import { settled } from '../../support/settled.ts'

const PATIENT = { timeout: 20_000 }

function pulse() {
  const clock = fakeClock()
  const told: string[] = []
  const pings: { answer(): void; fail(error: Error): void }[] = []
  const listener = {
    changed: (key: string | undefined) => told.push(`changed ${key}`),
    lost: () => told.push('lost'),
    restored: () => told.push('restored'),
  }
  const ping = () =>
    new Promise<unknown>((resolve, reject) => {
      pings.push({ answer: () => resolve('PONG'), fail: reject })
    })
  return { clock, told, pings, of: new Pulse(listener, { clock, everyMs: 1_000, ping }) }
}

it('asks every so often while all is told, and leaves nothing behind', async () => {
  const { clock, told, pings, of } = pulse()
  clock.advance(5_000)
  expect(pings).toHaveLength(0)
  of.restored()
  for (let round = 1; round <= 3; round++) {
    clock.advance(1_000)
    expect(pings).toHaveLength(round)
    clock.advance(999)
    if (round === 2) pings[1]?.fail(new Error('NOPERM this user has no permissions'))
    else pings[round - 1]?.answer()
    await settled()
  }
  of.written('a')
  expect(told).toEqual(['restored', 'changed a'])
  of.lost()
  of.stop()
  expect(clock.pending).toBe(0)
})

it('says that all is lost without an answer, and told again with a late one of the same connection', async () => {
  const { clock, told, pings, of } = pulse()
  of.restored()
  clock.advance(2_000)
  expect(told).toEqual(['restored', 'lost'])
  clock.advance(10_000)
  expect(pings).toHaveLength(1)
  pings[0]?.answer()
  await settled()
  expect(told.splice(0)).toEqual(['restored', 'lost', 'restored'])
  clock.advance(2_000)
  of.lost()
  pings[1]?.answer()
  await settled()
  expect(told).toEqual(['lost', 'lost'])
  expect(clock.pending).toBe(0)
})

it('asks again after a client gave up waiting, whose connection may be there still', async () => {
  const { clock, told, pings, of } = pulse()
  of.restored()
  clock.advance(1_000)
  pings[0]?.fail(new Error('Command timed out'))
  await settled()
  expect(told.splice(0)).toEqual(['restored', 'lost'])
  clock.advance(1_000)
  pings[1]?.fail(new Error('Command timed out'))
  await settled()
  clock.advance(1_000)
  expect(told).toEqual([])
  pings[2]?.answer()
  await settled()
  expect(told.splice(0)).toEqual(['restored'])
  clock.advance(1_999)
  expect(told).toEqual([])
  of.stop()
  pings[3]?.fail(new Error('Connection is closed.'))
  await settled()
  expect(told).toEqual([])
  expect(clock.pending).toBe(0)
})

describeRedis('a connection that a network swallows', (program) => {
  it('is not one that is asked and answers, of any client', async () => {
    await using server = await redisServer({ program })
    await Promise.all(
      Object.values(openTracking).map(async (open) => {
        await using client = await open(server.url)
        const { subscriber } = client
        const asked = vi.spyOn(subscriber as unknown as { ping(): Promise<unknown> }, 'ping')
        const told: string[] = []
        const stop = redisInvalidations(subscriber, { pool: 'p', by: 'tracking', probeMs: 500 }).watch({
          changed: () => undefined,
          lost: () => told.push('lost'),
          restored: () => told.push('restored'),
        })
        await vi.waitFor(() => {
          const answered = asked.mock.settledResults.filter(({ type }) => type === 'fulfilled')
          expect(answered.length).toBeGreaterThan(1)
        }, PATIENT)
        expect(told).toEqual(['restored'])
        stop()
      }),
    )
  })

  it.each(['publish', 'tracking'] as const)(
    'counts as lost, and is watched again afterwards, by %s',
    async (by) => {
      await using server = await redisServer({ program })
      await using proxy = await tcpFaultProxy(server.port)
      const client = quiet(new Redis({ port: proxy.port, protocol: 2, retryStrategy: () => 20 }))
      const invalidations = redisInvalidations(client as RedisSubscriber, { pool: 'p', by, probeMs: 50 })
      const told: string[] = []
      const stop = invalidations.watch({
        changed: () => undefined,
        lost: () => told.push('lost'),
        restored: () => told.push('restored'),
      })
      await vi.waitFor(() => expect(told.at(-1)).toBe('restored'), PATIENT)
      for (const kind of ['blackhole', 'stall'] as const) {
        await proxy.set({ kind })
        await vi.waitFor(() => expect(told.at(-1)).toBe('lost'), PATIENT)
        await proxy.set({ kind: 'pass' })
        await vi.waitFor(() => expect(told.at(-1)).toBe('restored'), PATIENT)
      }
      stop()
      client.disconnect()
    },
  )
})
