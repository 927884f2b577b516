import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/clock.ts'
import { ClockWatch } from '../../../src/table/redis/clock-watch.ts'
import { ServerTime } from '../../../src/table/redis/server-time.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

/** A server's time, as a process sees it whose clocks all go with the time of the test, apart from how far they are `ahead`. */
function serverTime(
  even: Clock,
  ask: () => Promise<number>,
  ahead: { clock: number; wall: number } = { clock: 0, wall: 0 },
): ServerTime {
  const clock = { ...even, now: () => even.now() + ahead.clock }
  const others = { monotonic: () => even.now(), wall: () => even.now() + ahead.wall }
  return new ServerTime(clock, ask, new ClockWatch(clock, others))
}

const answered = () => new Promise((resolve) => setImmediate(resolve))

describe('ServerTime', () => {
  it('is what the server told, carried on by the clock of this process, at once from then on', async () => {
    const clock = fakeClock(5_000)
    const time = serverTime(clock, async () => clock.now() + 70_000)
    expect(time.known()).toBeUndefined()
    await time.renew()
    expect(time.known()).toBe(75_000)
    clock.advance(1_234)
    expect(time.known()).toBe(76_234)
    expect(time.offset).toBe(70_000)
  })

  it('takes the server to have been asked half a round trip ago', async () => {
    const clock = fakeClock(1_000)
    const time = serverTime(clock, async () => {
      clock.advance(20)
      const there = clock.now() + 500
      clock.advance(20)
      return there
    })
    await time.renew()
    expect(time.offset).toBe(500)
  })

  it('is asked anew after ten seconds, beside the call, and follows a server whose clock was set', async () => {
    const clock = fakeClock()
    let ahead = 100
    let asked = 0
    const time = serverTime(clock, async () => {
      asked++
      return clock.now() + ahead
    })
    await time.renew()
    ahead = -3_600_000
    clock.advance(9_999)
    time.known()
    expect(asked).toBe(1)
    clock.advance(1)
    time.known()
    time.known()
    expect(asked).toBe(2)
    await answered()
    expect(time.offset).toBe(-3_600_000)
  })

  it('is asked again soon after an answer that took long, which does not replace a better one', async () => {
    const clock = fakeClock()
    let [there, back] = [80, 0]
    let ahead = 1_000
    let asked = 0
    const time = serverTime(clock, async () => {
      asked++
      clock.advance(there)
      const answer = clock.now() + ahead
      clock.advance(back)
      return answer
    })
    await time.renew()
    expect(time.offset).toBe(1_040)
    ;[there, back] = [1, 1]
    clock.advance(500)
    time.known()
    await answered()
    expect([asked, time.offset]).toEqual([2, 1_000])
    ;[there, back] = [0, 60]
    await time.renew()
    expect(time.offset).toBe(1_000)
    ahead = 2_000
    await time.renew()
    expect(time.offset).toBe(1_970)
  })

  it('shares one question among callers, and asks again after a failure', async () => {
    let asked = 0
    const clock = fakeClock()
    const time = serverTime(clock, async () => {
      if (++asked === 1) throw new Error('away')
      return clock.now()
    })
    const answers = await Promise.allSettled([time.renew(), time.renew()])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(asked).toBe(1)
    await time.renew()
    expect(time.known()).toBe(clock.now())
  })

  it.each(
    [3_600_000, -3_600_000, 60, -60].flatMap((by) => [
      { which: 'clock', by },
      { which: 'wall', by },
    ]),
  )(
    'is not known after the $which has jumped by $by ms, until the server was asked',
    async ({ which, by }) => {
      const even = fakeClock()
      const ahead = { clock: 0, wall: 0 }
      const time = serverTime(even, async () => even.now() + 70_000, ahead)
      await time.renew()
      even.advance(1_000)
      expect(time.known()).toBe(even.now() + 70_000)
      ahead[which as 'clock' | 'wall'] += by
      even.advance(1)
      expect(time.known()).toBeUndefined()
      await time.renew()
      expect(time.known()).toBe(even.now() + 70_000)
      expect(time.offset).toBe(70_000 - ahead.clock)
    },
  )

  it('is asked for once more where the clock jumps while the answer is on its way', async () => {
    const even = fakeClock()
    const ahead = { clock: 0, wall: 0 }
    let asked = 0
    const ask = async () => {
      if (++asked === 2) ahead.clock -= 3_600_000
      return even.now()
    }
    const time = serverTime(even, ask, ahead)
    await time.renew()
    await time.renew()
    expect([asked, time.known(), time.offset]).toEqual([3, even.now(), 3_600_000])
  })

  it('is believed in the end where the clock jumps with every answer, and asked for again', async () => {
    const even = fakeClock()
    const ahead = { clock: 0, wall: 0 }
    let asked = 0
    const ask = async () => {
      asked++
      ahead.clock += 1_000
      return even.now()
    }
    const time = serverTime(even, ask, ahead)
    await time.renew()
    expect(asked).toBe(3)
    expect(time.known()).toBeUndefined()
  })

  it('learns from what the server tells beside other answers, where the estimate cannot be right', async () => {
    const clock = fakeClock()
    let there = 70_000
    const time = serverTime(clock, async () => clock.now() + there)
    await time.renew()
    there = 50_000
    time.observe(clock.now(), clock.now() + 70_001)
    expect(time.offset).toBe(70_000)
    const askedAt = clock.now()
    clock.advance(10)
    time.observe(askedAt, clock.now() + there)
    expect(time.offset).toBe(50_005)
    time.observe(clock.now() + 1, clock.now() + 90_000)
    expect(time.offset).toBe(50_005)
  })

  it('is asked for again soon after a failure of any call', async () => {
    const clock = fakeClock()
    let asked = 0
    const time = serverTime(clock, async () => {
      asked++
      return clock.now()
    })
    await time.renew()
    time.renewSoon()
    clock.advance(499)
    time.known()
    expect(asked).toBe(1)
    clock.advance(1)
    time.known()
    expect(asked).toBe(2)
  })

  it('tells when the clock shows times that it has shown before', async () => {
    const even = fakeClock()
    const ahead = { clock: 0, wall: 0 }
    const time = serverTime(even, async () => even.now(), ahead)
    await time.renew()
    time.known()
    ahead.clock = -1_000
    expect(time.isRepeated).toBe(true)
    even.advance(1_000)
    expect(time.isRepeated).toBe(false)
  })
})
