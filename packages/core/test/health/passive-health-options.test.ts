import { describe, expect, it } from 'vitest'
import { checkPassiveHealth, type PassiveHealthOptions } from '../../src/health/passive-health-options.ts'

const check = (options: unknown) => checkPassiveHealth('passiveHealth', options as PassiveHealthOptions)

describe('options of passive health', () => {
  it('are three failed connections, no errors, no latency, unless given', () => {
    expect(check({})).toEqual({
      connectFailures: 3,
      errors: Number.POSITIVE_INFINITY,
      latency: undefined,
      ejectionMs: 10_000,
      maxEjectionMs: 300_000,
      maxEjectedShare: 0.5,
    })
  })

  it('may be off in all', () => {
    const never = Number.POSITIVE_INFINITY
    expect(check(false)).toMatchObject({ connectFailures: never, errors: never, latency: undefined })
  })

  it('have defaults for latency, once it is asked for', () => {
    const latency = { factor: 3, leastMs: 100, intervalMs: 10_000, leastRequests: 20 }
    expect(check({ latency: {} }).latency).toEqual(latency)
    expect(check({ latency: { factor: 1.5, leastMs: 0 } }).latency).toEqual({
      ...latency,
      factor: 1.5,
      leastMs: 0,
    })
  })

  it('have no cap below the first ejection', () => {
    expect(check({ ejectionMs: 600_000 })).toMatchObject({ ejectionMs: 600_000, maxEjectionMs: 600_000 })
    expect(check({ ejectionMs: 5_000, maxEjectionMs: 5_000 })).toMatchObject({ maxEjectionMs: 5_000 })
  })

  it.each<[string, unknown]>([
    ['passiveHealth": expected an object, got true', true],
    [
      'passiveHealth.failures" is unknown; known: connectFailures, errors, latency, ejectionMs, maxEjectionMs, maxEjectedShare',
      { failures: 1 },
    ],
    ['passiveHealth.connectFailures": expected an integer from 1 to 1000, got 0', { connectFailures: 0 }],
    [
      'passiveHealth.connectFailures": expected an integer from 1 to 1000, got true',
      { connectFailures: true },
    ],
    ['passiveHealth.errors": expected an integer from 1 to 1000, got 1001', { errors: 1_001 }],
    ['passiveHealth.ejectionMs": expected milliseconds from 1 to 2147483647, got 0', { ejectionMs: 0 }],
    [
      'passiveHealth.maxEjectionMs": expected milliseconds from 10000 to 2147483647, got 9999',
      { maxEjectionMs: 9_999 },
    ],
    ['passiveHealth.maxEjectedShare": expected a number from 0 to 1, got 1.1', { maxEjectedShare: 1.1 }],
    [
      'passiveHealth.maxEjectedShare": expected a number from 0 to 1, got NaN',
      { maxEjectedShare: Number.NaN },
    ],
    ['passiveHealth.latency": expected an object, got true', { latency: true }],
    [
      'passiveHealth.latency.ms" is unknown; known: factor, leastMs, intervalMs, leastRequests',
      { latency: { ms: 1 } },
    ],
    [
      'passiveHealth.latency.factor": expected a number above 1, up to 1000, got 1',
      { latency: { factor: 1 } },
    ],
    [
      'passiveHealth.latency.leastMs": expected milliseconds from 0 to 2147483647, got -1',
      { latency: { leastMs: -1 } },
    ],
    [
      'passiveHealth.latency.intervalMs": expected milliseconds from 1 to 2147483647, got 0',
      { latency: { intervalMs: 0 } },
    ],
    [
      'passiveHealth.latency.leastRequests": expected an integer from 1 to 1000000, got 0',
      { latency: { leastRequests: 0 } },
    ],
  ])('are refused: %s', (message, options) => {
    expect(() => check(options)).toThrow(`option "${message}`)
  })
})
