import { describe, expect, it } from 'vitest'
import { RetryBudget, type RetryBudgetLimits } from '../../src/retry/retry-budget.ts'

/** A budget, and a time that the test sets. */
function budgetOf(limits: Partial<RetryBudgetLimits>, start = 1_000_000) {
  const time = { now: start }
  const budget = new RetryBudget({ budget: 0, leastPerSecond: 0, ...limits }, () => time.now)
  const request = (count: number) => {
    for (let i = 0; i < count; i++) budget.request()
  }
  /** How many more tries are allowed now; takes them all. */
  const left = () => {
    let count = 0
    while (count < 100_000 && budget.tryAgain()) count++
    return count
  }
  return { budget, time, request, left }
}

describe('RetryBudget', () => {
  it('allows a share of the requests', () => {
    const { request, left } = budgetOf({ budget: 0.2 })
    expect(left()).toBe(0)
    request(4)
    expect(left()).toBe(0)
    request(1)
    expect(left()).toBe(1)
    request(95)
    expect(left()).toBe(19)
    expect(left()).toBe(0)
  })

  it('allows so many per second over its 10 s, whatever the traffic', () => {
    expect(budgetOf({ leastPerSecond: 10 }).left()).toBe(100)
    expect(budgetOf({ leastPerSecond: 1 }).left()).toBe(10)
  })

  it('adds both', () => {
    const { request, left } = budgetOf({ budget: 0.5, leastPerSecond: 1 })
    request(10)
    expect(left()).toBe(15)
  })

  it('allows nothing with both at 0, and as many as requests with a share of 1', () => {
    const none = budgetOf({})
    none.request(1_000)
    expect(none.left()).toBe(0)
    const all = budgetOf({ budget: 1 })
    all.request(1_000)
    expect(all.left()).toBe(1_000)
  })

  it('counts a try that was allowed, and none that was not', () => {
    const { budget, request, left } = budgetOf({ budget: 0.1 })
    request(10)
    expect([budget.tryAgain(), budget.tryAgain(), budget.tryAgain()]).toEqual([true, false, false])
    request(10)
    expect(left()).toBe(1)
  })

  it('forgets requests and tries with their second, when ten have begun since', () => {
    const { time, request, left } = budgetOf({ budget: 1 }, 5_999)
    request(3)
    expect(left()).toBe(3)
    // Second 6 begins: the requests of second 5 still count, and so do their tries.
    time.now = 6_000
    request(2)
    expect(left()).toBe(2)
    time.now = 14_999
    expect(left()).toBe(0)
    request(1)
    expect(left()).toBe(1)
    // Second 15: those of second 5 are gone, three requests and three tries.
    time.now = 15_000
    expect(left()).toBe(0)
    // Second 16: the two of second 6 are gone with their tries; one of second 14 is left.
    time.now = 16_000
    expect(left()).toBe(0)
    time.now = 24_000
    request(1)
    expect(left()).toBe(1)
  })

  it('counts the last ten seconds exactly, also where they are uneven', () => {
    const { time, request, left } = budgetOf({ budget: 1 }, 0)
    for (let second = 0; second < 25; second++) {
      time.now = second * 1_000 + 500
      request(second)
    }
    // Of the seconds 15 to 24.
    expect(left()).toBe(195)
  })

  it.each([9_999, 10_000, 10_001, 11_000, 19_000, 60_000, 86_400_000, 1e12])(
    'has nothing of the past after a pause of %d ms, and not less',
    (pause) => {
      const { time, request, left } = budgetOf({ budget: 1 }, 1_000_000)
      request(7)
      time.now += pause
      expect(left()).toBe(pause < 10_000 ? 7 : 0)
      request(2)
      expect(left()).toBe(2)
    },
  )

  it('has its least again after a pause', () => {
    const { time, left } = budgetOf({ leastPerSecond: 2 })
    expect([left(), left()]).toEqual([20, 0])
    time.now += 9_999
    expect(left()).toBe(0)
    time.now += 1
    expect(left()).toBe(20)
  })

  it('neither gives nor takes while the clock stands still', () => {
    const { request, left } = budgetOf({ budget: 0.5 })
    for (let i = 0; i < 50; i++) {
      request(2)
      expect(left()).toBe(1)
    }
  })

  it('never allows more than its share when the clock is set back, and recovers', () => {
    const { time, request, left } = budgetOf({ budget: 1 })
    request(10)
    expect(left()).toBe(10)
    time.now -= 3_600_000
    expect(left()).toBe(0)
    request(5)
    expect(left()).toBe(5)
    time.now += 10_000
    expect(left()).toBe(0)
    request(3)
    expect(left()).toBe(3)
  })

  it('works before the epoch', () => {
    const { time, request, left } = budgetOf({ budget: 1 }, -10_500)
    request(3)
    time.now = -1_001
    expect(left()).toBe(3)
    time.now = -1_000
    expect(left()).toBe(0)
  })
})
