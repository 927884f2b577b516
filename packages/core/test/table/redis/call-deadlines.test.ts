import { describe, expect, it } from 'vitest'
import { CallDeadlines } from '../../../src/table/redis/call-deadlines.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

const LATE = new Error('late')
const late = () => LATE

/** The answer of a call, or `late()` as its failure. */
function within<T>(deadlines: CallDeadlines, call: Promise<T>, tooLate: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = deadlines.begin(() => reject(tooLate()))
    const end = (settle: () => void) => () => {
      deadline.isOver = true
      settle()
    }
    call.then(
      (value) => end(() => resolve(value))(),
      (error: unknown) => end(() => reject(error))(),
    )
  })
}

describe('CallDeadlines', () => {
  it('ends a call that takes longer than the limit, and no earlier', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    let outcome = 'pending'
    const call = within(deadlines, new Promise(() => undefined), late).catch(() => {
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
    expect(await within(deadlines, Promise.resolve(7), late)).toBe(7)
    await expect(within(deadlines, Promise.reject(new Error('no')), late)).rejects.toThrow('no')
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
      calls.push(within(deadlines, new Promise(() => undefined), tooLate).catch(() => undefined))
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
    const call = within(deadlines, promise, late)
    clock.advance(50)
    await expect(call).rejects.toBe(LATE)
    reject(new Error('much later'))
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('keeps no ended call longer than the limit', async () => {
    const clock = fakeClock()
    const deadlines = new CallDeadlines(clock, 50)
    for (let i = 0; i < 5_000; i++) await within(deadlines, Promise.resolve(i), late)
    clock.advance(50)
    expect([deadlines.size, clock.pending]).toEqual([0, 0])
  })

  it.each([3_600_000, -3_600_000])(
    'leaves calls the time that they have when the clock jumps by %i ms',
    async (jump) => {
      const even = fakeClock()
      let ahead = 0
      const clock = { ...even, now: () => even.now() + ahead }
      const deadlines = new CallDeadlines(clock, 50)
      const ended: string[] = []
      const begin = (name: string) => deadlines.begin(() => ended.push(name))
      begin('first')
      even.advance(20)
      begin('before')
      ahead = jump
      even.advance(10)
      begin('after')
      even.advance(19)
      expect(ended).toEqual([])
      even.advance(1)
      expect(ended).toEqual(['first'])
      even.advance(19)
      expect(ended).toEqual(['first'])
      even.advance(1)
      expect(ended).toEqual(['first', 'before'])
      even.advance(10)
      expect(ended).toEqual(['first', 'before', 'after'])
      expect([deadlines.size, even.pending]).toEqual([0, 0])
    },
  )
})
