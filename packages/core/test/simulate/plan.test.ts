import { describe, expect, it } from 'vitest'
import type { Change, SimulatedEndpointInit } from '../../src/simulate/change.ts'
import { type Plan, planOf } from '../../src/simulate/plan.ts'
import { PodNames } from '../../src/simulate/pod-names.ts'

function plan(
  workload: 'StatefulSet' | 'Deployment',
  endpoints: number | SimulatedEndpointInit[],
  changes: Change[],
): Plan {
  return planOf('simulate', { endpoints, workload, names: new PodNames('web', 3) }, changes)
}

/** The steps of the first change, as text. */
function told({ changes: [change], identities }: Plan): string[] {
  return (change?.steps ?? []).map(({ gone, come, reweighted }) =>
    [
      ...gone.map((number) => `-${identities[number]}`),
      ...come.map(({ endpoint }) => `+${endpoint.identity}`),
      ...reweighted.map(({ endpoint }) => `${endpoint.identity}=${endpoint.weight}`),
    ].join(' '),
  )
}

describe('a StatefulSet', () => {
  it('scales by the next ordinals and the last endpoints', () => {
    expect(told(plan('StatefulSet', 2, [{ kind: 'scale', to: 4 }]))).toEqual(['+web-2 +web-3'])
    expect(told(plan('StatefulSet', 4, [{ kind: 'scale', to: 2 }]))).toEqual(['-web-3 -web-2'])
  })

  it('fills an ordinal that is free, under the number that it had', () => {
    const { changes, identities } = plan('StatefulSet', 3, [
      { kind: 'remove', endpoints: ['web-1'] },
      { kind: 'scale', to: 4 },
    ])
    expect(changes[1]?.steps[0]?.come.map(({ number }) => number)).toEqual([1, 3])
    expect(identities).toEqual(['web-0', 'web-1', 'web-2', 'web-3'])
  })

  it('restarts from the last on, each with its name, weight and port, at a new address', () => {
    const made = plan(
      'StatefulSet',
      [{ identity: 'a', weight: 3, port: 81, host: '10.9.9.9' }, { identity: 'b' }],
      [{ kind: 'restart' }],
    )
    expect(told(made)).toEqual(['-b', '+b', '-a', '+a'])
    const addresses = [made.start, ...(made.changes[0]?.steps ?? [])].flatMap(({ come }) =>
      come.map(({ endpoint }) => `${endpoint.identity} ${endpoint.address} ${endpoint.weight}`),
    )
    expect(addresses).toEqual([
      'a 10.9.9.9:81 3',
      'b 10.0.0.1:8080 1',
      'b 10.0.0.2:8080 1',
      'a 10.0.0.3:81 3',
    ])
  })

  it('restarts those that are named, in their order, and some at a time', () => {
    const endpoints = ['web-0', 'web-2', 'web-1']
    const steps = told(plan('StatefulSet', 3, [{ kind: 'restart', endpoints, atOnce: 2 }]))
    expect(steps).toEqual(['-web-0 -web-2', '+web-0 +web-2', '-web-1', '+web-1'])
  })
})

describe('a Deployment', () => {
  it('has names that are drawn, and each restart draws another', () => {
    const made = plan('Deployment', 3, [{ kind: 'restart' }])
    expect(made.identities).toHaveLength(6)
    expect(new Set(made.identities).size).toBe(6)
    for (const identity of made.identities) expect(identity).toMatch(/^web-[b-z2-9]{5}$/)
    const [one, two, three, four, five, six] = made.identities
    expect(told(made)).toEqual([`-${one}`, `+${four}`, `-${two}`, `+${five}`, `-${three}`, `+${six}`])
  })

  it('scales down by any, the same for a seed', () => {
    const gone = () => plan('Deployment', 20, [{ kind: 'scale', to: 15 }]).changes[0]?.steps[0]?.gone
    expect(gone()).toEqual(gone())
    expect(gone()).not.toEqual([19, 18, 17, 16, 15])
    expect(new Set(gone()).size).toBe(5)
  })

  it.each([
    [{ maxSurge: 1, maxUnavailable: 0 }, ['+1', '-1', '+1', '-1', '+1', '-1', '+1', '-1']],
    [{ maxSurge: 0, maxUnavailable: 1 }, ['-1', '+1', '-1', '+1', '-1', '+1', '-1', '+1']],
    [{ maxSurge: 2, maxUnavailable: 1 }, ['+2', '-3', '+2', '-1']],
    [{ maxSurge: 9, maxUnavailable: 0 }, ['+4', '-4']],
  ])('is updated by %j as its controller does', (limits, expected) => {
    const { changes, identities } = plan('Deployment', 4, [{ kind: 'rolling-update', ...limits }])
    const steps = changes[0]?.steps.map(({ gone, come }) =>
      come.length > 0 ? `+${come.length}` : `-${gone.length}`,
    )
    expect(steps).toEqual(expected)
    expect(identities).toHaveLength(8)
  })
})

describe('weights', () => {
  it('of those that come by scaling are the weight that all have, or the one asked for', () => {
    const weightOf = (endpoints: SimulatedEndpointInit[], weight?: number) =>
      plan('StatefulSet', endpoints, [
        { kind: 'scale', to: 3, ...(weight !== undefined && { weight }) },
      ]).changes[0]?.steps[0]?.come.at(-1)?.endpoint.weight
    expect(weightOf([])).toBe(1)
    expect(weightOf([{ identity: 'a', weight: 100 }])).toBe(100)
    expect(weightOf([{ identity: 'a', weight: 100 }, { identity: 'b' }])).toBe(1)
    expect(weightOf([{ identity: 'a', weight: 100 }], 7)).toBe(7)
  })

  it('that are the same already change nothing', () => {
    const told1 = told(plan('StatefulSet', 2, [{ kind: 'weight', endpoint: 'web-1', weight: 1 }]))
    expect(told1).toEqual([''])
    expect(told(plan('StatefulSet', 2, [{ kind: 'weight', endpoint: 'web-1', weight: 4 }]))).toEqual([
      'web-1=4',
    ])
  })
})
