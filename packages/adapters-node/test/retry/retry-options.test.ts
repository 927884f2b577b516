import { describe, expect, it } from 'vitest'
import { checkRetryOptions, type RetryOptions } from '../../src/retry/retry-options.ts'

describe('checkRetryOptions', () => {
  it('fills in the defaults', () => {
    expect(checkRetryOptions({})).toEqual({
      methods: new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']),
      onReset: true,
      onTimeout: false,
      onStatus: new Set(),
      limit: 2,
      delayMs: 25,
      budget: 0.2,
      leastPerSecond: 10,
    })
  })

  it('allows no try with `false`', () => {
    const none = checkRetryOptions(false)
    expect([none.limit, none.methods.size, none.onReset, none.onTimeout, none.onStatus.size]).toEqual([
      0,
      0,
      false,
      false,
      0,
    ])
  })

  it('takes causes and statuses together', () => {
    const { onReset, onTimeout, onStatus } = checkRetryOptions({ on: [500, 'timeout', 599] })
    expect([onReset, onTimeout, [...onStatus]]).toEqual([false, true, [500, 599]])
  })

  it.each<RetryOptions>([
    { limit: 1, delayMs: 0, budget: 0, leastPerSecond: 0 },
    { limit: 10, budget: 1, methods: [], on: [] },
    { methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'] },
  ])('takes the edges %j', (options) => {
    expect(checkRetryOptions(options)).toMatchObject({ limit: options.limit ?? 2 })
  })

  it.each<[string, unknown]>([
    ['forward.retry', true],
    ['forward.retry', null],
    ['forward.retry', 3],
    ['forward.retry', ['reset']],
    ['forward.retry.attempts', { attempts: 1 }],
    ['forward.retry.methods', { methods: 'GET' }],
    ['forward.retry.methods', { methods: ['POST'] }],
    ['forward.retry.methods', { methods: ['PATCH'] }],
    ['forward.retry.methods', { methods: ['get'] }],
    ['forward.retry.methods', { methods: [7] }],
    ['forward.retry.on', { on: 'reset' }],
    ['forward.retry.on', { on: ['connect'] }],
    ['forward.retry.on', { on: [499] }],
    ['forward.retry.on', { on: [600] }],
    ['forward.retry.on', { on: [503.5] }],
    ['forward.retry.on', { on: ['503'] }],
    ['forward.retry.on', { on: [Number.NaN] }],
    ['forward.retry.limit', { limit: 0 }],
    ['forward.retry.limit', { limit: 11 }],
    ['forward.retry.limit', { limit: 1.5 }],
    ['forward.retry.delayMs', { delayMs: -1 }],
    ['forward.retry.delayMs', { delayMs: Number.POSITIVE_INFINITY }],
    ['forward.retry.budget', { budget: -0.1 }],
    ['forward.retry.budget', { budget: 1.1 }],
    ['forward.retry.budget', { budget: Number.NaN }],
    ['forward.retry.budget', { budget: '0.2' }],
    ['forward.retry.leastPerSecond', { leastPerSecond: -1 }],
    ['forward.retry.leastPerSecond', { leastPerSecond: 0.5 }],
    ['forward.retry.leastPerSecond', { leastPerSecond: Number.POSITIVE_INFINITY }],
  ])('names %s where it refuses %j', (option, options) => {
    expect(() => checkRetryOptions(options as RetryOptions)).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        message: expect.stringContaining(`option "${option}"`),
      }),
    )
  })
})
