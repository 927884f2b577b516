import { describe, expect, it } from 'vitest'
import { type OpenLease, OpenLeases } from '../../src/route/open-leases.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function setUp({ life }: { life: number }) {
  const clock = fakeClock(0)
  const touched: string[] = []
  const leases = new OpenLeases(clock, (key) => touched.push(`${key}@${clock.now()}`))
  const open = (key: string, lifeLeft = life): OpenLease => {
    const lease: OpenLease = {
      key,
      binding: { identity: 'pod-1', version: 1, createdAt: clock.now(), expiresAt: clock.now() + lifeLeft },
      connection: undefined,
      touchAt: undefined,
      before: undefined,
      after: undefined,
    }
    leases.add(lease)
    return lease
  }
  return { clock, touched, leases, open }
}

describe('OpenLeases', () => {
  it('touches an open stream each quarter of its life, so that its binding never ends', () => {
    const { clock, touched, open } = setUp({ life: 4_000 })
    open('a')
    clock.advance(12_000)
    const times = touched.map((touch) => Number(touch.split('@')[1]))
    const gaps = times.map((time, index) => time - (times[index - 1] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000)
    expect(times.length).toBeGreaterThanOrEqual(8)
  })

  it('goes on touching a stream that outlives many times its first life', () => {
    const { clock, touched, open } = setUp({ life: 4_000 })
    open('a')
    clock.advance(400_000)
    expect(touched.length).toBeGreaterThan(250)
    // Once per quarter of the life, which is that of the whole binding and not what is left of it at the first sweep.
    expect(touched.length).toBeLessThanOrEqual(400)
  })

  it('keeps a life shorter than a second alive too', () => {
    const { clock, touched, open } = setUp({ life: 100 })
    open('a')
    clock.advance(100)
    expect(touched.length).toBeGreaterThanOrEqual(2)
  })

  it('touches no more often for a binding near its absolute timeout, whose life no touch makes longer', () => {
    const { clock, touched, leases, open } = setUp({ life: 4_000 })
    leases.remove(open('a'))
    open('b', 5)
    clock.advance(10)
    open('c')
    clock.advance(39_990)
    for (const key of ['b', 'c']) {
      const touches = touched.filter((touch) => touch.startsWith(key))
      expect(touches.length).toBeGreaterThanOrEqual(20)
      expect(touches.length).toBeLessThanOrEqual(40)
    }
  })

  it('never touches a binding without timeouts', () => {
    const { clock, touched, open } = setUp({ life: Number.POSITIVE_INFINITY })
    open('a')
    clock.advance(1_000_000)
    expect(touched).toEqual([])
  })

  it('does not touch a request that ends before a sweep', () => {
    const { clock, touched, leases, open } = setUp({ life: 4_000 })
    leases.remove(open('a'))
    clock.advance(10_000)
    expect(touched).toEqual([])
  })

  it('counts the end of a long stream as use', () => {
    const { clock, touched, leases, open } = setUp({ life: 4_000 })
    const lease = open('a')
    clock.advance(700)
    leases.remove(lease)
    expect(touched).toEqual(['a@700'])
  })

  it('has no timer while nothing is open', () => {
    const { clock, leases, open } = setUp({ life: 4_000 })
    expect(clock.pending).toBe(0)
    const lease = open('a')
    expect(clock.pending).toBe(1)
    leases.remove(lease)
    clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })

  it('has no timer after close, also when a lease is opened then', () => {
    const { clock, leases, open } = setUp({ life: 4_000 })
    open('a')
    leases.close()
    leases.close()
    open('b')
    expect(clock.pending).toBe(0)
  })

  it('forgets the leases that ended, in whatever order', () => {
    const { clock, touched, leases, open } = setUp({ life: 4_000 })
    const [a, b, c] = [open('a'), open('b'), open('c')]
    leases.remove(b)
    leases.remove(a)
    expect(leases.size).toBe(1)
    clock.advance(2_000)
    expect(new Set(touched.map((touch) => touch[0]))).toEqual(new Set(['c']))
    leases.remove(c)
    expect(leases.size).toBe(0)
  })
})
