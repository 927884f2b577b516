import { describe, expect, it } from 'vitest'
import { Breaker } from '../../../src/table/redis/breaker.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

function breaker(failures = 3) {
  const clock = fakeClock()
  const told: string[] = []
  const server = { isUp: true, calls: 0, probes: 0 }
  const made = new Breaker({
    clock,
    failures,
    probeMs: 1_000,
    isAway: (error) => (error as Error).message !== 'refused',
    changed: (state) => told.push(state),
    probe: async () => {
      server.probes++
      if (!server.isUp) throw new Error('away')
    },
  })
  const call = async (message?: string) => {
    const refusal = made.refusal()
    if (refusal) throw refusal
    server.calls++
    if (message === undefined) {
      made.succeeded()
      return 'answer'
    }
    made.failed(new Error(message))
    throw new Error(message)
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { clock, told, server, made, call, turn }
}

describe('Breaker', () => {
  it('asks no more after so many failures in a row, and says why', async () => {
    const { made, call, told, server } = breaker()
    for (let i = 0; i < 3; i++) await expect(call('reset')).rejects.toThrow('reset')
    expect([made.isOpen, told]).toEqual([true, ['away']])
    await expect(call()).rejects.toMatchObject({ code: 'table-away', cause: new Error('reset') })
    expect(server.calls).toBe(3)
  })

  it('counts neither failures with an answer between them, nor refusals', async () => {
    const { made, call } = breaker()
    for (const outcome of ['reset', 'reset', undefined, 'reset', 'reset', 'refused', 'reset', 'reset']) {
      await call(outcome).catch(() => undefined)
    }
    expect(made.isOpen).toBe(false)
    await call('reset').catch(() => undefined)
    expect(made.isOpen).toBe(true)
  })

  it('probes until the server answers, one probe at a time, and no request is the test', async () => {
    const { made, call, told, server, clock, turn } = breaker(1)
    server.isUp = false
    await call('reset').catch(() => undefined)
    for (let second = 0; second < 5; second++) {
      clock.advance(1_000)
      await turn()
    }
    expect([server.probes, server.calls, made.isOpen]).toEqual([5, 1, true])
    server.isUp = true
    clock.advance(999)
    await turn()
    expect(made.isOpen).toBe(true)
    clock.advance(1)
    await turn()
    expect([made.isOpen, told]).toEqual([false, ['away', 'back']])
    expect(await call()).toBe('answer')
    expect(clock.pending).toBe(0)
  })

  it('starts to count anew when the server is back', async () => {
    const { made, call, clock, turn } = breaker(2)
    await call('reset').catch(() => undefined)
    await call('reset').catch(() => undefined)
    clock.advance(1_000)
    await turn()
    await call('reset').catch(() => undefined)
    expect(made.isOpen).toBe(false)
  })

  it('leaves nothing behind when it is closed', async () => {
    const { made, call, clock, turn, server, told } = breaker(1)
    await call('reset').catch(() => undefined)
    made.close()
    expect(clock.pending).toBe(0)
    clock.advance(10_000)
    await turn()
    expect([server.probes, told]).toEqual([0, ['away']])
  })
})
