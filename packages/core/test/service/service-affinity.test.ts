import { describe, expect, it } from 'vitest'
import { readAffinity } from '../../src/service/service-affinity.ts'

const service = (spec: unknown) => ({ kind: 'Service', spec })
const clientIp = (timeoutSeconds: unknown) =>
  service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } })

describe('affinity of a Service', () => {
  it.each([
    ['says nothing', {}],
    ['says None', { sessionAffinity: 'None' }],
  ])('is None where it %s', (_, spec) => {
    expect(readAffinity(service(spec))).toEqual({ affinity: { kind: 'None' }, fault: undefined })
  })

  it('is ClientIP for 10800 seconds where no timeout is given', () => {
    for (const spec of [
      { sessionAffinity: 'ClientIP' },
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: {} },
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: {} } },
    ]) {
      expect(readAffinity(service(spec))).toEqual({
        affinity: { kind: 'ClientIP', timeoutMs: 10_800_000 },
        fault: undefined,
      })
    }
  })

  it.each([1, 600, 86_400])('is ClientIP for %i seconds', (seconds) => {
    expect(readAffinity(clientIp(seconds))).toEqual({
      affinity: { kind: 'ClientIP', timeoutMs: seconds * 1_000 },
      fault: undefined,
    })
  })

  it.each([0, -1, 86_401, 1.5, '600', null, Number.NaN])(
    'takes the default for a timeout of %s, and says so',
    (seconds) => {
      const { affinity, fault } = readAffinity(clientIp(seconds))
      expect(affinity).toEqual({ kind: 'ClientIP', timeoutMs: 10_800_000 })
      expect(fault).toMatch(
        /^spec\.sessionAffinityConfig\.clientIP\.timeoutSeconds: expected an integer from 1 to 86400, got /,
      )
    },
  )

  it('is None for a word that Kubernetes does not have, and says so', () => {
    expect(readAffinity(service({ sessionAffinity: 'Cookie' }))).toEqual({
      affinity: { kind: 'None' },
      fault: 'spec.sessionAffinity: expected None or ClientIP, got "Cookie"',
    })
  })

  it.each([undefined, null, 'Service', 7, [], { spec: null }, { spec: 'ClientIP' }])(
    'is None for %j, which is no Service',
    (object) => {
      expect(readAffinity(object).affinity).toEqual({ kind: 'None' })
    },
  )
})
