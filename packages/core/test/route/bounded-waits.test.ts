import { describe, expect, it } from 'vitest'
import { BoundedWaits } from '../../src/route/bounded-waits.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function bounded(most = 2) {
  const clock = fakeClock()
  return { clock, waits: new BoundedWaits(clock, most) }
}

describe('a bounded wait', () => {
  it('ends with its time', async () => {
    const { clock, waits } = bounded()
    const wait = waits.wait(100, undefined)
    clock.advance(99)
    expect(waits.size).toBe(1)
    clock.advance(1)
    expect(await wait).toBe('timeout')
    expect([waits.size, clock.pending]).toEqual([0, 0])
  })

  it('ends when it is woken, alone or with all others, and is undone then, once', async () => {
    const { clock, waits } = bounded()
    const wakes: (() => void)[] = []
    let disarmed = 0
    const arm = (wake: () => void) => {
      wakes.push(wake)
      return () => void disarmed++
    }
    const [one, other] = [waits.wait(100, undefined, arm), waits.wait(100, undefined, arm)]
    wakes[0]?.()
    expect(await one).toBe('woken')
    expect([waits.size, disarmed]).toEqual([1, 1])
    waits.wakeAll()
    expect(await other).toBe('woken')
    wakes[1]?.()
    clock.advance(1_000)
    expect([waits.size, clock.pending]).toEqual([0, 0])
  })

  it('ends when its request is aborted, and cannot begin for one that was', async () => {
    const { clock, waits } = bounded()
    const client = new AbortController()
    const wait = waits.wait(100, client.signal)
    client.abort()
    expect(await wait).toBe('aborted')
    expect(await waits.wait(100, client.signal, () => expect.unreachable())).toBe('aborted')
    expect([waits.size, clock.pending]).toEqual([0, 0])
  })

  it('cannot begin when as many as allowed wait, and can again when one has ended', async () => {
    const { clock, waits } = bounded(2)
    const first = waits.wait(100, undefined)
    void waits.wait(200, undefined)
    expect(await waits.wait(100, undefined, () => expect.unreachable())).toBe('queue-full')
    clock.advance(100)
    expect(await first).toBe('timeout')
    const third = waits.wait(50, undefined)
    clock.advance(50)
    expect(await third).toBe('timeout')
  })

  it('may have a bound of its own', async () => {
    const { waits } = bounded(Number.POSITIVE_INFINITY)
    void waits.wait(100, undefined)
    expect(await waits.wait(100, undefined, undefined, 1)).toBe('queue-full')
    void waits.wait(100, undefined, undefined, 2)
    expect(waits.size).toBe(2)
  })

  it('ends when all are closed; later ones end at once', async () => {
    const { clock, waits } = bounded()
    const wait = waits.wait(100, undefined)
    waits.close()
    waits.close()
    expect(await wait).toBe('closed')
    expect(await waits.wait(100, AbortSignal.abort())).toBe('closed')
    expect(clock.pending).toBe(0)
  })

  it('leaves no listener on the signal of its request', async () => {
    const { clock, waits } = bounded()
    const listeners = new Set<unknown>()
    const signal = {
      aborted: false,
      addEventListener: (_type: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_type: string, listener: unknown) => void listeners.delete(listener),
    } as unknown as AbortSignal
    const wait = waits.wait(100, signal)
    expect(listeners.size).toBe(1)
    clock.advance(100)
    await wait
    expect(listeners.size).toBe(0)
  })
})
