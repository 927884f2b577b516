import { describe, expect, it } from 'vitest'
import { CallDeadlines, TimedCall } from '../../../src/table/redis/call-deadlines.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

class Call extends TimedCall {
  readonly #expired: () => void

  constructor(expired: () => void = () => undefined) {
    super()
    this.#expired = expired
  }

  override expire(): void {
    this.#expired()
  }
}

function scene() {
  const clock = fakeClock()
  return { clock, deadlines: new CallDeadlines(clock, 50) }
}

describe('CallDeadlines', () => {
  it('ends a call that takes longer than the limit, and no earlier', () => {
    const { clock, deadlines } = scene()
    let outcome = 'pending'
    const call = new Call(() => {
      outcome = 'late'
    })
    deadlines.begin(call)
    clock.advance(49)
    expect(outcome).toBe('pending')
    clock.advance(1)
    expect(outcome).toBe('late')
    // An answer that comes now finds the call over.
    expect(deadlines.end(call)).toBe(false)
  })

  it('gives each of many calls its own time by one timer', () => {
    const { clock, deadlines } = scene()
    const ended: number[] = []
    for (let at = 0; at < 3_000; at++) {
      deadlines.begin(new Call(() => ended.push(clock.now() - at - 1_000_000)))
      expect(clock.pending).toBe(1)
      clock.advance(1)
    }
    clock.advance(100)
    expect(ended).toEqual(Array.from({ length: 3_000 }, () => 50))
    expect([deadlines.isEmpty, clock.pending]).toEqual([true, 0])
  })

  it('tells no call that ended in time, whatever the order in which calls end', () => {
    const { clock, deadlines } = scene()
    const expired: number[] = []
    const calls = Array.from({ length: 7 }, (_, index) => new Call(() => expired.push(index)))
    for (const call of calls) deadlines.begin(call)
    for (const index of [3, 0, 6, 2]) expect(deadlines.end(calls[index] as Call)).toBe(true)
    clock.advance(50)
    expect(expired).toEqual([1, 4, 5])
    expect([deadlines.isEmpty, clock.pending]).toEqual([true, 0])
  })

  it('lets go of a call as soon as it ends', () => {
    const { clock, deadlines } = scene()
    const calls = [new Call(), new Call(), new Call()] as const
    for (const call of calls) deadlines.begin(call)
    for (const call of calls) deadlines.end(call)
    expect(deadlines.isEmpty).toBe(true)
    for (const { before, after } of calls) expect([before, after]).toEqual([undefined, undefined])
    clock.advance(50)
    expect(clock.pending).toBe(0)
  })

  it('takes calls that begin while others expire, and after it was closed', () => {
    const { clock, deadlines } = scene()
    const ended: string[] = []
    deadlines.begin(new Call(() => deadlines.begin(new Call(() => ended.push('second')))))
    clock.advance(50)
    clock.advance(49)
    expect(ended).toEqual([])
    clock.advance(1)
    expect(ended).toEqual(['second'])

    const early = new Call(() => ended.push('early'))
    const other = new Call(() => ended.push('other'))
    deadlines.begin(early)
    deadlines.begin(other)
    deadlines.close()
    expect(clock.pending).toBe(0)
    deadlines.begin(new Call(() => ended.push('third')))
    expect([deadlines.end(early), deadlines.end(other)]).toEqual([true, true])
    clock.advance(50)
    expect(ended).toEqual(['second', 'third'])
  })

  it.each([3_600_000, -3_600_000])(
    'leaves calls the time that they have when the clock jumps by %i ms',
    (jump) => {
      const even = fakeClock()
      let ahead = 0
      const clock = { ...even, now: () => even.now() + ahead }
      const deadlines = new CallDeadlines(clock, 50)
      const ended: string[] = []
      const begin = (name: string) => deadlines.begin(new Call(() => ended.push(name)))
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
      expect([deadlines.isEmpty, even.pending]).toEqual([true, 0])
    },
  )
})
