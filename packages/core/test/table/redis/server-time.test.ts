import { describe, expect, it } from 'vitest'
import { ServerTime } from '../../../src/table/redis/server-time.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

describe('ServerTime', () => {
  it('is what the server told, carried on by the clock of this process, at once from then on', async () => {
    const clock = fakeClock(5_000)
    const time = new ServerTime(clock, async () => clock.now() + 70_000)
    expect(await time.now()).toBe(75_000)
    clock.advance(1_234)
    expect(time.now()).toBe(76_234)
    expect(time.offset).toBe(70_000)
  })

  it('takes the server to have been asked half a round trip ago', async () => {
    const clock = fakeClock(1_000)
    const time = new ServerTime(clock, async () => {
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
    const time = new ServerTime(clock, async () => {
      asked++
      return clock.now() + ahead
    })
    await time.now()
    ahead = -3_600_000
    clock.advance(9_999)
    time.now()
    expect(asked).toBe(1)
    clock.advance(1)
    time.now()
    time.now()
    expect(asked).toBe(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(time.offset).toBe(-3_600_000)
  })

  it('is asked again soon after an answer that took long, which does not replace a better one', async () => {
    const clock = fakeClock()
    let [there, back] = [80, 0]
    let ahead = 1_000
    let asked = 0
    const time = new ServerTime(clock, async () => {
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
    time.now()
    await new Promise((resolve) => setImmediate(resolve))
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
    const time = new ServerTime(clock, async () => {
      if (++asked === 1) throw new Error('away')
      return clock.now()
    })
    const answers = await Promise.allSettled([time.now(), time.now()])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(asked).toBe(1)
    expect(await time.now()).toBe(clock.now())
  })
})
