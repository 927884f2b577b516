import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { checkRetryOptions, type RetryOptions } from '../../src/retry/retry-options.ts'
import { type RepeatableRequest, RetryPolicy } from '../../src/retry/retry-policy.ts'
import type { UpstreamFailure } from '../../src/upstream/upstream.ts'

const AMPLE = { budget: 1, leastPerSecond: 1_000 }
const CODES = ['upstream-reset', 'upstream-timeout', 'upstream-malformed', 'client-stalled'] as const
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'CONNECT', 'get']
const BOTH = [true, false]

const policyOf = (options: RetryOptions | false, random = () => 0.5) =>
  new RetryPolicy(checkRetryOptions(options), fakeClock(), random)

function request(fields: Partial<RepeatableRequest> = {}): RepeatableRequest {
  return { method: 'GET', hasBody: false, isBodyWhole: true, tries: 0, ...fields }
}

function failure(fields: Partial<UpstreamFailure> = {}): UpstreamFailure {
  const byDefault = { message: '', cause: undefined, isUnanswered: true, isUnprocessed: false }
  return { code: 'upstream-reset', ...byDefault, ...fields }
}

describe('RetryPolicy.afterFailure', () => {
  /** Every option, method, failure and state of the body: what is repeated is told by one rule, written apart. */
  it('repeats exactly what is safe: the whole table', () => {
    let repeated = 0
    const options: RetryOptions[] = [
      {},
      { on: [] },
      { on: ['timeout'] },
      { on: ['reset', 'timeout', 503] },
      { methods: [] },
      { methods: ['PUT', 'DELETE'] },
    ]
    for (const option of options) {
      const methods = option.methods ?? ['GET', 'HEAD', 'OPTIONS', 'TRACE']
      const on = option.on ?? ['reset']
      for (const method of METHODS) {
        for (const hasBody of BOTH) {
          for (const isBodyWhole of hasBody ? BOTH : [true]) {
            for (const code of CODES) {
              for (const isUnanswered of BOTH) {
                for (const isUnprocessed of BOTH) {
                  const policy = policyOf({ ...AMPLE, ...option })
                  const asked = request({ method, hasBody, isBodyWhole })
                  const failed = failure({ code, isUnanswered, isUnprocessed })
                  const isListed = on.some((cause) => code === `upstream-${cause}`)
                  const isSafe = methods.includes(method) && !hasBody
                  const expected = (isUnprocessed && isBodyWhole) || (isListed && isUnanswered && isSafe)
                  expect(policy.afterFailure(asked, failed), JSON.stringify({ option, asked, failed })).toBe(
                    expected,
                  )
                  if (expected) repeated++
                }
              }
            }
          }
        }
      }
    }
    expect(repeated).toBeGreaterThan(100)
  })

  it.each([1, 2, 10])('repeats a request %d times at most', (limit) => {
    const policy = policyOf({ ...AMPLE, limit })
    for (const isUnprocessed of BOTH) {
      const again = (tries: number) => policy.afterFailure(request({ tries }), failure({ isUnprocessed }))
      expect([again(0), again(limit - 1), again(limit), again(limit + 1)]).toEqual([true, true, false, false])
    }
  })

  it('repeats nothing with `false`, not even what the pod has not looked at', () => {
    const policy = policyOf(false)
    for (const isUnprocessed of BOTH)
      expect(policy.afterFailure(request(), failure({ isUnprocessed }))).toBe(false)
    expect(policy.afterStatus(request(), 503)).toBe(false)
  })

  it('takes each try from the budget, whatever its cause, and none for what is not repeated', () => {
    const policy = policyOf({ budget: 0.5, leastPerSecond: 0, on: ['reset', 503], limit: 10 })
    for (let i = 0; i < 8; i++) policy.request()
    expect(policy.afterFailure(request({ method: 'POST' }), failure())).toBe(false)
    expect(policy.afterFailure(request(), failure({ isUnanswered: false }))).toBe(false)
    expect(policy.afterFailure(request({ tries: 10 }), failure())).toBe(false)
    expect(policy.afterStatus(request(), 200)).toBe(false)
    expect(policy.afterStatus(request({ method: 'POST' }), 503)).toBe(false)
    const four = [
      policy.afterFailure(request(), failure()),
      policy.afterFailure(
        request({ method: 'POST', hasBody: true, tries: 1 }),
        failure({ isUnprocessed: true }),
      ),
      policy.afterStatus(request(), 503),
      policy.afterStatus(request(), 503),
    ]
    expect(four).toEqual([true, true, true, true])
    expect(policy.afterStatus(request(), 503)).toBe(false)
    expect(policy.afterFailure(request(), failure())).toBe(false)
    // What a pod has not looked at was no load: the first try after it needs no budget.
    expect(policy.afterFailure(request(), failure({ isUnprocessed: true }))).toBe(true)
    expect(policy.afterFailure(request({ tries: 1 }), failure({ isUnprocessed: true }))).toBe(false)
  })
})

describe('RetryPolicy.afterStatus', () => {
  it('repeats listed statuses alone, of safe requests, within the limit', () => {
    const policy = policyOf({ ...AMPLE, on: [502, 503], limit: 2, methods: ['GET', 'PUT'] })
    expect([500, 501, 502, 503, 504].map((status) => policy.afterStatus(request(), status))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ])
    expect(policy.afterStatus(request({ method: 'PUT' }), 503)).toBe(true)
    expect(policy.afterStatus(request({ method: 'PUT', hasBody: true }), 503)).toBe(false)
    expect(policy.afterStatus(request({ method: 'HEAD' }), 503)).toBe(false)
    expect(policy.afterStatus(request({ tries: 1 }), 503)).toBe(true)
    expect(policy.afterStatus(request({ tries: 2 }), 503)).toBe(false)
  })

  it('repeats none by default', () => {
    const policy = policyOf(AMPLE)
    for (let status = 500; status < 600; status++) expect(policy.afterStatus(request(), status)).toBe(false)
  })
})

describe('RetryPolicy.pauseMs', () => {
  it('is random, up to a bound that doubles with each try', () => {
    for (const random of [0, 0.25, 1]) {
      const policy = policyOf({ delayMs: 40 }, () => random)
      expect([1, 2, 3, 4].map((tries) => policy.pauseMs(tries))).toEqual(
        [40, 80, 160, 320].map((ms) => ms * random),
      )
    }
  })

  it('is 25 ms at most by default, and none with 0', () => {
    expect(policyOf({}, () => 1).pauseMs(1)).toBe(25)
    expect(policyOf({ delayMs: 0 }, () => 1).pauseMs(3)).toBe(0)
  })
})
