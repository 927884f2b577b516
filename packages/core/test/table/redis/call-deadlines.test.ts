import { describe, expect, it } from 'vitest'
import { CallDeadlines } from '../../../src/table/redis/call-deadlines.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

const LATE = new Error('late')
const late = () => LATE

describe('CallDeadlines', () => {
  it('ends a call that takes longer than the limit, and no earlier', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    let outcome = 'pending'
    const call = deadlines.within(new Promise(() => undefined), late).catch(() => {
      outcome = 'late'
    })
    clock.advance(49)
    await Promise.resolve()
    expect(outcome).toBe('pending')
    clock.advance(1)
    await call
    expect(outcome).toBe('late')
  })

  it('passes on answers and failures', async () => {
    const deadlines = new CallDeadlines(fakeClock(), 50)
    expect(await deadlines.within(Promise.resolve(7), late)).toBe(7)
    await expect(deadlines.within(Promise.reject(new Error('no')), late)).rejects.toThrow('no')
  })

  it('gives each of many calls its own time by one timer', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    const ended: number[] = []
    const calls: Promise<unknown>[] = []
    for (let at = 0; at < 3_000; at++) {
      const tooLate = () => {
        ended.push(clock.now() - at - 1_000_000)
        return LATE
      }
      calls.push(deadlines.within(new Promise(() => undefined), tooLate).catch(() => undefined))
      expect(clock.pending).toBe(1)
      clock.advance(1)
      await Promise.resolve()
    }
    clock.advance(100)
    await Promise.all(calls)
    expect(new Set(ended)).toEqual(new Set([50]))
    expect([deadlines.size, clock.pending]).toEqual([0, 0])
  })

  it('drops what comes too late, a failure included', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    const { promise, reject } = Promise.withResolvers<number>()
    const call = deadlines.within(promise, late)
    clock.advance(50)
    await expect(call).rejects.toBe(LATE)
    reject(new Error('much later'))
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('keeps no ended call longer than the limit', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    for (let i = 0; i < 5_000; i++) await deadlines.within(Promise.resolve(i), late)
    clock.advance(50)
    expect([deadlines.size, clock.pending]).toEqual([0, 0])
  })
})
