import { StickyError } from '@limpet/core'
import { type FakeClock, fakeClock, fakeRandom } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { endpointFrom } from '../../../core/src/endpoint/endpoint-init.ts'
import { EndpointSlots, type SlotLimits } from '../../src/upstream/endpoint-slots.ts'
import type { ConnectCaller } from '../../src/upstream/upstream.ts'

const POD = endpointFrom('pod', { name: 'web-1', host: '10.0.0.1', port: 80 })

/** Who waits, and what became of it. */
class Waiter implements ConnectCaller {
  readonly needsHttp1 = false
  isCancelled = false
  entered = 0
  readonly errors: Error[] = []
  readonly #then: () => void

  constructor(then: () => void = () => undefined) {
    this.#then = then
  }

  connected(): void {
    throw new Error('slots connect nobody')
  }

  connectFailed(): void {
    throw new Error('slots connect nobody')
  }

  refused(error: Error): void {
    this.errors.push(error)
    this.#then()
  }

  get fate(): string {
    return `${this.entered}/${this.errors.map((error) => (error as StickyError).code).join()}`
  }
}

function slotsOf(limits: Partial<SlotLimits>, clock: FakeClock = fakeClock()) {
  const slots = new EndpointSlots(POD, {
    maxRequestsPerEndpoint: 1,
    maxQueuedPerEndpoint: 10,
    queueTimeoutMs: 1_000,
    clock,
    ...limits,
  })
  const wait = (waiter = new Waiter(), then: () => void = () => undefined) => {
    slots.wait(waiter, () => {
      waiter.entered++
      then()
    })
    return waiter
  }
  return { slots, clock, wait }
}

describe('EndpointSlots', () => {
  it('gives as many as there are', () => {
    const { slots } = slotsOf({ maxRequestsPerEndpoint: 2 })
    expect([slots.isUnused, slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([
      true,
      true,
      true,
      false,
    ])
    slots.release()
    expect([slots.tryTake(), slots.tryTake()]).toEqual([true, false])
    slots.release()
    slots.release()
    expect(slots.isUnused).toBe(true)
  })

  it('has no limit at Infinity', () => {
    const { slots } = slotsOf({ maxRequestsPerEndpoint: Number.POSITIVE_INFINITY })
    for (let i = 0; i < 10_000; i++) expect(slots.tryTake()).toBe(true)
  })

  it('lets those who wait in in the order they came, one for each that ends', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    const waiters = [wait(), wait(), wait()]
    for (let ended = 1; ended <= 3; ended++) {
      slots.release()
      expect(waiters.map(({ entered }) => entered)).toEqual([1, 1, 1].fill(0, ended))
      expect(slots.tryTake()).toBe(false)
    }
    expect(clock.pending).toBe(0)
    slots.release()
    expect(slots.isUnused).toBe(true)
  })

  it('passes over those who have gone away', () => {
    const { slots, wait } = slotsOf({})
    slots.tryTake()
    const [first, gone, last] = [wait(), wait(), wait()]
    gone.isCancelled = true
    slots.release()
    slots.release()
    expect([first.fate, gone.fate, last.fate]).toEqual(['1/', '0/', '1/'])
  })

  it('is free again when all who waited have gone away', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    for (const waiter of [wait(), wait()]) waiter.isCancelled = true
    slots.release()
    expect([slots.isUnused, slots.tryTake(), clock.pending]).toEqual([true, true, 0])
  })

  it('refuses who finds the queue full, and says which option to change', () => {
    const { slots, wait } = slotsOf({ maxQueuedPerEndpoint: 2 })
    slots.tryTake()
    const [first, second, third] = [wait(), wait(), wait()]
    expect([first.fate, second.fate, third.fate]).toEqual(['0/', '0/', '0/endpoint-busy'])
    expect(third.errors[0]?.message).toContain('web-1')
    expect(third.errors[0]?.message).toContain('forward.maxQueuedPerEndpoint')
    expect(third.errors[0]?.message).toContain('forward.maxRequestsPerEndpoint')
  })

  it('gives the place of one who went away to another', () => {
    const { slots, wait } = slotsOf({ maxQueuedPerEndpoint: 2 })
    slots.tryTake()
    const [first, second] = [wait(), wait()]
    first.isCancelled = true
    const third = wait()
    slots.release()
    slots.release()
    expect([first.fate, second.fate, third.fate]).toEqual(['0/', '1/', '1/'])
  })

  it('lets nobody wait where the queue has no room', () => {
    const { slots, wait, clock } = slotsOf({ maxQueuedPerEndpoint: 0 })
    slots.tryTake()
    expect(wait().fate).toBe('0/endpoint-busy')
    expect(clock.pending).toBe(0)
  })

  it('refuses each at its own deadline, and not before', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    const first = wait()
    clock.advance(400)
    const second = wait()
    clock.advance(599)
    expect([first.fate, second.fate]).toEqual(['0/', '0/'])
    clock.advance(1)
    expect([first.fate, second.fate]).toEqual(['0/endpoint-busy', '0/'])
    expect(first.errors[0]?.message).toContain('1000 ms was in vain (option "forward.queueTimeoutMs")')
    clock.advance(399)
    expect(second.fate).toBe('0/')
    clock.advance(1)
    expect(second.fate).toBe('0/endpoint-busy')
    expect(clock.pending).toBe(0)
  })

  it('keeps the deadline of the next when the first was let in', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    wait()
    clock.advance(500)
    const second = wait()
    slots.release()
    clock.advance(999)
    expect(second.fate).toBe('0/')
    clock.advance(1)
    expect(second.fate).toBe('0/endpoint-busy')
  })

  it('tells nobody of a deadline who has gone away', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    const waiter = wait()
    waiter.isCancelled = true
    clock.advance(1_000)
    expect([waiter.fate, clock.pending]).toEqual(['0/', 0])
  })

  it('refuses all who wait when it is closed, and lets nobody in after that', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    const [first, gone, last] = [wait(), wait(), wait()]
    gone.isCancelled = true
    slots.close(new StickyError('closed', 'closed'))
    expect([first.fate, gone.fate, last.fate, clock.pending]).toEqual(['0/closed', '0/', '0/closed', 0])
    slots.release()
    expect([first.fate, last.fate, slots.isUnused]).toEqual(['0/closed', '0/closed', true])
  })

  it('stays in order when one who enters ends at once, and when others come meanwhile', () => {
    const { slots, wait } = slotsOf({})
    slots.tryTake()
    const order: string[] = []
    wait(new Waiter(), () => {
      order.push('first')
      expect(slots.tryTake()).toBe(false)
      wait(new Waiter(), () => order.push('late'))
      slots.release()
    })
    wait(new Waiter(), () => {
      order.push('second')
      slots.release()
    })
    slots.release()
    expect(order).toEqual(['first', 'second', 'late'])
    slots.release()
    expect(slots.isUnused).toBe(true)
  })

  it('lets in again who was refused and asks anew', () => {
    const { slots, wait, clock } = slotsOf({})
    slots.tryTake()
    const again = new Waiter()
    const once = new Waiter(() => wait(again))
    wait(once)
    clock.advance(1_000)
    expect([once.fate, again.fate]).toEqual(['0/endpoint-busy', '0/'])
    slots.release()
    expect(again.fate).toBe('1/')
  })

  it('never has more than it may, and everyone enters or is refused once (10 000 steps)', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = fakeRandom(seed)
      const max = 1 + Math.floor(random() * 4)
      const queued = Math.floor(random() * 6)
      const { slots, clock, wait } = slotsOf({ maxRequestsPerEndpoint: max, maxQueuedPerEndpoint: queued })
      const waiters: Waiter[] = []
      let taken = 0
      let most = 0
      const enter = () => {
        taken++
        most = Math.max(most, taken)
        // Some end as soon as they are in.
        if (random() < 0.1) end()
      }
      const end = () => {
        if (taken === 0) return
        taken--
        slots.release()
      }
      for (let step = 0; step < 500; step++) {
        const dice = random()
        if (dice < 0.5) {
          if (slots.tryTake()) enter()
          else waiters.push(wait(new Waiter(), enter))
        } else if (dice < 0.8) end()
        else if (dice < 0.9) {
          const waiter = waiters[Math.floor(random() * waiters.length)]
          if (waiter?.fate === '0/') waiter.isCancelled = true
        } else clock.advance(Math.floor(random() * 400))
        expect(taken).toBeLessThanOrEqual(max)
      }
      clock.advance(10_000)
      while (taken > 0) end()
      expect(slots.isUnused).toBe(true)
      expect(clock.pending).toBe(0)
      expect(most).toBe(max)
      for (const waiter of waiters) {
        expect(waiter.fate).toMatch(waiter.isCancelled ? /^0\/$/ : /^(?:1\/|0\/endpoint-busy)$/)
      }
    }
  })
})
