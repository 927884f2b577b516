import { expect, it } from 'vitest'
import { StickyError } from '../../../src/error.ts'
import { LAYOUT_HELD_MS, LayoutAgreement } from '../../../src/table/redis/layout-agreement.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { redisServer } from '../../support/redis/server.ts'
import { openSingle } from '../../support/redis/single-clients.ts'

/** A server on which a layout is held. */
function held(clock: ReturnType<typeof fakeClock>) {
  let layout: string | undefined
  let until = 0
  let asked = 0
  const ask = (mine: string) => async (): Promise<readonly [boolean, unknown]> => {
    asked++
    if (layout !== undefined && layout !== mine && clock.now() < until) return [false, layout]
    layout = mine
    until = clock.now() + LAYOUT_HELD_MS
    return [true, mine]
  }
  return { ask, asked: () => asked }
}

it('is asked for once, then beside the traffic, and waited for only when it may have lapsed', async () => {
  const clock = fakeClock()
  const server = held(clock)
  const agreement = new LayoutAgreement(clock, 'a', server.ask('a'))
  await Promise.all([agreement.check(), agreement.check()])
  expect(server.asked()).toBe(1)
  clock.advance(9_999)
  expect(agreement.check()).toBeUndefined()
  expect(server.asked()).toBe(1)
  clock.advance(1)
  expect(agreement.check()).toBeUndefined()
  expect(agreement.check()).toBeUndefined()
  expect(server.asked()).toBe(2)
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(20_000)
  const waited = agreement.check()
  expect(waited).toBeInstanceOf(Promise)
  await waited
  expect(agreement.check()).toBeUndefined()
})

it('refuses another layout until those that hold it are gone for as long as it holds, and asks once a second', async () => {
  const clock = fakeClock()
  const server = held(clock)
  await new LayoutAgreement(clock, 'a', server.ask('a')).check()
  const other = new LayoutAgreement(clock, 'b', server.ask('b'))
  await expect(other.check()).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringMatching(/redisTable\.index".*redisTable\.indexBuckets".*b here and a in another/),
  })
  clock.advance(999)
  await expect(other.check()).rejects.toThrow(/expected the same/)
  expect(server.asked()).toBe(2)
  clock.advance(LAYOUT_HELD_MS - 1_000)
  await expect(other.check()).rejects.toThrow(/expected the same/)
  clock.advance(1_000)
  await other.check()
  expect(other.check()).toBeUndefined()
})

it('stands in nobody’s way where the server takes no writes', async () => {
  const clock = fakeClock()
  let asked = 0
  const agreement = new LayoutAgreement(clock, 'a', async () => {
    asked++
    throw new Error('READONLY')
  })
  await agreement.check()
  expect(agreement.check()).toBeUndefined()
  expect(asked).toBe(1)
  clock.advance(1_000)
  await agreement.check()
  expect(asked).toBe(2)
})

it('is waited for by a replica that has none yet where the server does not answer', async () => {
  const clock = fakeClock()
  const server = held(clock)
  await new LayoutAgreement(clock, 'a', server.ask('a')).check()
  let isAnswering = false
  const late = new StickyError('table-timeout', 'late')
  const other = new LayoutAgreement(clock, 'b', () => {
    return isAnswering ? server.ask('b')() : Promise.reject(late)
  })
  await expect(other.check()).rejects.toBe(late)
  isAnswering = true
  await expect(other.check()).rejects.toThrow(/expected the same/)
  isAnswering = false
  clock.advance(1_000)
  await expect(other.check()).rejects.toThrow(/expected the same/)
})

it('is relied on by a replica that had it where the server does not answer', async () => {
  const clock = fakeClock()
  const server = held(clock)
  let isAnswering = true
  const agreement = new LayoutAgreement(clock, 'a', () => {
    return isAnswering ? server.ask('a')() : Promise.reject(new StickyError('table-timeout', 'late'))
  })
  await agreement.check()
  isAnswering = false
  clock.advance(40_000)
  await agreement.check()
})

describeRedis('the word of a replica for its layout', (program) => {
  it('is not believed where it has no end, and stands in nobody’s way where its name is used by something else', async () => {
    await using server = await redisServer({ program })
    await using open = await openSingle.ioredis(server)
    const options = { callTimeoutMs: 5_000 }
    await server.cli('SET', 'limpet:endless:', 'an index of 7 buckets')
    await using endless = redisTable(open.client, { ...options, pool: 'endless' })
    expect(await endless.claim('k', 'web-1')).toMatchObject({ created: true })
    expect(Number(await server.cli('PTTL', 'limpet:endless:'))).toBeGreaterThan(0)
    await server.cli('LPUSH', 'limpet:list:', 'a')
    await using list = redisTable(open.client, { ...options, pool: 'list' })
    expect(await list.claim('k', 'web-1')).toMatchObject({ created: true })
    expect(await list.lookup('k')).toMatchObject({ identity: 'web-1' })
  })
})

it('is lost by a replica that finds another layout held', async () => {
  const clock = fakeClock()
  const server = held(clock)
  const one = new LayoutAgreement(clock, 'a', server.ask('a'))
  await one.check()
  clock.advance(LAYOUT_HELD_MS)
  await new LayoutAgreement(clock, 'b', server.ask('b')).check()
  await expect(one.check()).rejects.toThrow(/a here and b in another/)
})
