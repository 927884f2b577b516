import { describe, expect, it } from 'vitest'
import type { LossCause } from '../../src/endpoint/availability.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PoolEndpoints } from '../../src/endpoint/pool-endpoints.ts'
import { LossRules } from '../../src/health/loss-rules.ts'
import type { PoolHealth } from '../../src/health/pool-health.ts'
import { InFlight } from '../../src/route/in-flight.ts'
import type { CheckedStickyOptions } from '../../src/sticky-options.ts'
import type { Binding } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { DRAINING, NOT_READY, pod, TERMINATED } from '../support/pool.ts'

function rules(scope: 'process' | 'shared' | undefined, isConfirmed = false) {
  const clock = fakeClock()
  const ignored = () => undefined
  const host = { clock, inFlight: new InFlight(), slowStart: undefined, changed: ignored, gone: ignored }
  const endpoints = new PoolEndpoints(host)
  endpoints.update(
    endpointSet([pod(1), pod(2, NOT_READY), pod(3, TERMINATED), pod(4, DRAINING), pod(5), pod(6), pod(7)]),
  )
  const state = (number: number) => endpoints.state(`pod-${number}`) as EndpointState
  state(5).health.traffic = 'ejected'
  state(6).health.checks = 'failing'
  state(7).drain = 'over'
  endpoints.refresh()
  const options = { clock, minMoveIntervalMs: 1_000, table: { scope } } as unknown as CheckedStickyOptions
  const health = { isConfirmed: () => isConfirmed } as unknown as PoolHealth
  return { subject: new LossRules(options, endpoints, health), clock }
}

const binding = (movedAt?: number, identity = 'pod-1') =>
  ({ identity, version: 1, createdAt: 0, movedAt }) as Binding
const CAUSES: LossCause[] = ['gone', 'not-ready', 'terminated', 'drained', 'ejected', 'unreachable']

describe('the cause of a loss', () => {
  it.each([
    ['pod-2', 'not-ready'],
    ['pod-3', 'terminated'],
    ['pod-5', 'ejected'],
    ['pod-6', 'unreachable'],
    ['pod-7', 'drained'],
    ['pod-8', 'gone'],
  ])('of %s is %s', (identity, cause) => {
    expect(rules('shared').subject.causeOf(identity)).toBe(cause)
  })

  it('is unreachable for one that looks usable: the request’s own connection failed', () => {
    const { subject } = rules('shared')
    expect([subject.causeOf('pod-1'), subject.causeOf('pod-4')]).toEqual(['unreachable', 'unreachable'])
  })
})

describe('whether a key may be moved', () => {
  const allowed = (scope: 'process' | 'shared' | undefined, isConfirmed: boolean) =>
    CAUSES.filter((cause) => rules(scope, isConfirmed).subject.mayMove(binding(), cause))

  it.each(['shared', undefined] as const)(
    'in a table that is %s: by facts at once, by own evidence when confirmed',
    (scope) => {
      expect(allowed(scope, false)).toEqual(['gone', 'not-ready', 'terminated', 'drained'])
      expect(allowed(scope, true)).toEqual(CAUSES)
    },
  )

  it('in a table of this process alone: at once', () => {
    expect(allowed('process', false)).toEqual(CAUSES)
  })

  it('away from one that is gone meanwhile: at once', () => {
    expect(rules('shared').subject.mayMove(binding(undefined, 'pod-9'), 'unreachable')).toBe(true)
  })

  it.each(['process', 'shared'] as const)(
    'not again within the interval, whatever the cause (%s)',
    (scope) => {
      const { subject, clock } = rules(scope, true)
      const moved = binding(clock.now())
      clock.advance(999)
      expect(CAUSES.filter((cause) => subject.mayMove(moved, cause))).toEqual([])
      clock.advance(1)
      expect(CAUSES.filter((cause) => subject.mayMove(moved, cause))).toEqual(CAUSES)
    },
  )
})
