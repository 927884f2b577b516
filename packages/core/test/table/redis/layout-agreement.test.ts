import { expect, it } from 'vitest'
import { LAYOUT_HELD_MS, LayoutAgreement } from '../../../src/table/redis/layout-agreement.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

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

it('stands in nobody’s way where the server cannot be asked or takes no writes', async () => {
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

it('is lost by a replica that finds another layout held', async () => {
  const clock = fakeClock()
  const server = held(clock)
  const one = new LayoutAgreement(clock, 'a', server.ask('a'))
  await one.check()
  clock.advance(LAYOUT_HELD_MS)
  await new LayoutAgreement(clock, 'b', server.ask('b')).check()
  await expect(one.check()).rejects.toThrow(/a here and b in another/)
})
