import { describe, expect, it } from 'vitest'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { KubeProxyEndpoints } from '../../src/service/kube-proxy-endpoints.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const TERMINATING = { ready: false, serving: true, terminating: true }
const TERMINATED = { ready: false, serving: false, terminating: true }
const NOT_READY = { ready: false, serving: false, terminating: false }

const at = (
  last: number,
  conditions?: EndpointInit['conditions'],
  more: Partial<EndpointInit> = {},
): EndpointInit => ({
  host: `10.0.0.${last}`,
  port: 80,
  ...(conditions && { conditions }),
  ...more,
})

function setUp() {
  const clock = fakeClock()
  const endpoints = new KubeProxyEndpoints(clock)
  const next = (...list: EndpointInit[]) => endpoints.next(endpointSet(list))
  const identities = (...list: EndpointInit[]) => next(...list).endpoints.map(({ identity }) => identity)
  return { clock, next, identities }
}

describe('endpoints as kube-proxy uses them', () => {
  it('are those that are ready', () => {
    const { identities } = setUp()
    expect(identities(at(1), at(2, TERMINATING), at(3, NOT_READY), at(4))).toEqual([
      '10.0.0.1:80',
      '10.0.0.4:80',
    ])
  })

  it('are those that serve while they terminate where none is ready', () => {
    const { next } = setUp()
    const set = next(at(1, TERMINATING), at(2, TERMINATED), at(3, NOT_READY))
    expect(set.placeable.map(({ identity }) => identity)).toEqual(['10.0.0.1:80'])
  })

  it('are none where none serves', () => {
    const { identities } = setUp()
    expect(identities(at(1, TERMINATED), at(2, NOT_READY))).toEqual([])
  })

  it('have equal chances, whatever their weights', () => {
    const { next } = setUp()
    expect(next(at(1, undefined, { weight: 9 }), at(2, undefined, { weight: 0 })).weights).toEqual([1, 1])
  })

  it('keep their objects while nothing happens to them', () => {
    const { next } = setUp()
    const before = next(at(1), at(2))
    const after = next(at(1), at(2), at(3))
    expect(after.get('10.0.0.1:80')).toBe(before.get('10.0.0.1:80'))
  })

  it('are others when they come back, each time', () => {
    const { identities } = setUp()
    const seen = [
      identities(at(1), at(2)),
      identities(at(2)),
      identities(at(1), at(2)),
      identities(at(2)),
      identities(at(1)),
    ]
    expect(seen).toEqual([
      ['10.0.0.1:80', '10.0.0.2:80'],
      ['10.0.0.2:80'],
      ['10.0.0.1:80#2', '10.0.0.2:80'],
      ['10.0.0.2:80'],
      ['10.0.0.1:80#3'],
    ])
  })

  it('are others when they were only terminating in between', () => {
    const { identities } = setUp()
    identities(at(1), at(2))
    identities(at(1, TERMINATING), at(2))
    expect(identities(at(1), at(2))).toContain('10.0.0.1:80#2')
  })

  it('are forgotten when no binding to them can be left', () => {
    const { identities, clock } = setUp()
    identities(at(1), at(2))
    identities(at(2))
    clock.advance(86_400_000)
    identities(at(2))
    expect(identities(at(1), at(2))).toContain('10.0.0.1:80')
  })

  it('are named with the brackets of IPv6', () => {
    const { identities } = setUp()
    expect(identities({ host: 'fd00::1', port: 80 })).toEqual(['[fd00::1]:80'])
  })
})
