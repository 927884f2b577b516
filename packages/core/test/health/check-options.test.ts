import { describe, expect, it } from 'vitest'
import { healthCheckOption } from '../../src/health/check-schedule.ts'
import type { HealthCheck } from '../../src/health/health-check.ts'
import { type HttpCheckOptions, httpCheck, type TcpCheckOptions, tcpCheck } from '../../src/health/index.ts'
import { statusMatch } from '../../src/health/status-ranges.ts'

describe('httpCheck() and tcpCheck()', () => {
  it('have a schedule without being given one', () => {
    const schedule = { intervalMs: 2_000, jitter: 0.1, timeoutMs: 1_000, rise: 2, fall: 3, maxConcurrent: 64 }
    expect(httpCheck()).toMatchObject({ name: 'GET /', schedule })
    expect(tcpCheck()).toMatchObject({ name: 'tcp', schedule })
    expect(httpCheck({ path: '/healthz', method: 'HEAD', rise: 5 })).toMatchObject({
      name: 'HEAD /healthz',
      schedule: { ...schedule, rise: 5 },
    })
  })

  it.each<[string, HttpCheckOptions]>([
    ['option "httpCheck.path": expected a path', { path: 'healthz' }],
    ['option "httpCheck.path": expected a path', { path: '/a b' }],
    ['option "httpCheck.method": expected \'GET\'', { method: 'POST' as never }],
    ['option "httpCheck.expectedStatus": expected statuses', { expectedStatus: [] }],
    ['option "httpCheck.expectedStatus[1]": expected a status', { expectedStatus: [200, '399-300'] }],
    ['option "httpCheck.expectedStatus[0]": expected a status', { expectedStatus: ['2xx'] }],
    ['option "httpCheck.headers.a b": expected a header', { headers: { 'a b': 'c' } }],
    ['option "httpCheck.headers.a": expected a header', { headers: { a: 'b\r\nc: d' } }],
    ['option "httpCheck.host": expected a host name', { host: 'a\r\nb: c' }],
    ['option "httpCheck.port": expected an integer from 1', { port: 0 }],
    ['option "httpCheck.protocol": expected \'http:\'', { protocol: 'http' as never }],
    ['option "httpCheck.tls": expected a tls.ConnectionOptions', { tls: true as never }],
    ['option "httpCheck.intervalMs": expected milliseconds from 1', { intervalMs: 0 }],
    ['option "httpCheck.timeoutMs": expected milliseconds from 1', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['option "httpCheck.jitter": expected a number from 0 to 1', { jitter: 1.1 }],
    ['option "httpCheck.rise": expected an integer from 1', { rise: 0 }],
    ['option "httpCheck.fall": expected an integer from 1', { fall: 1.5 }],
    ['option "httpCheck.maxConcurrent": expected an integer from 1', { maxConcurrent: 0 }],
    ['option "httpCheck.interval" is unknown; known: path', { interval: 1 } as HttpCheckOptions],
  ])('refuse bad options: %s', (message, options) => {
    expect(() => httpCheck(options)).toThrow(message)
  })

  it.each<[string, TcpCheckOptions]>([
    ['option "tcpCheck.port": expected an integer from 1 to 65535', { port: 70_000 }],
    ['option "tcpCheck.path" is unknown; known: port', { path: '/' } as TcpCheckOptions],
    ['option "tcpCheck.fall": expected an integer', { fall: 0 }],
  ])('refuse bad options: %s', (message, options) => {
    expect(() => tcpCheck(options)).toThrow(message)
  })
})

describe('expectedStatus', () => {
  it('takes numbers, ranges and a function', () => {
    const { matches, words } = statusMatch('s', [204, '300-302', '404'])
    const taken = [200, 204, 299, 300, 302, 303, 404].filter(matches)
    expect(taken).toEqual([204, 300, 302, 404])
    expect(words).toBe('a status of 204, 300-302, 404')
    expect(statusMatch('s', (status) => status === 418).matches(418)).toBe(true)
  })
})

describe('a health check of the user', () => {
  const own = { name: 'grpc', schedule: tcpCheck().schedule, probe: async () => undefined }

  it('is taken as it is', () => {
    expect(healthCheckOption('createSticky.healthCheck', own)).toBe(own)
  })

  it.each<[string, unknown]>([
    ['option "c": expected a HealthCheck', {}],
    ['option "c": expected a HealthCheck', undefined],
    ['option "c.name": expected a name', { ...own, name: '' }],
    ['option "c.schedule": expected a CheckSchedule', { ...own, schedule: undefined }],
    [
      'option "c.schedule.fall": expected a number, got undefined',
      { ...own, schedule: { ...own.schedule, fall: undefined } },
    ],
    ['option "c.schedule.rise": expected an integer', { ...own, schedule: { ...own.schedule, rise: 0 } }],
  ])('is refused when it is not complete: %s', (message, check) => {
    expect(() => healthCheckOption('c', check as HealthCheck)).toThrow(message)
  })
})
