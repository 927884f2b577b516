import { describe, expect, it } from 'vitest'
import { leastBound } from '../../src/balance/least-bound.ts'
import { preferZone } from '../../src/balance/prefer-zone.ts'
import { rendezvous } from '../../src/balance/rendezvous.ts'
import { roundRobin } from '../../src/balance/round-robin.ts'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { pickContext } from '../support/pick-context.ts'

const inZone = (name: string, zone: string | undefined, more: Partial<EndpointInit> = {}): EndpointInit => ({
  name,
  host: 'a',
  port: 80,
  ...(zone !== undefined && { zone }),
  ...more,
})
const SET = endpointSet([inZone('a1', 'a'), inZone('b1', 'b'), inZone('a2', 'a'), inZone('c1', undefined)])

describe('preferZone', () => {
  it('places in its zone, as the balancer that it is given would', () => {
    const balancer = preferZone('a', roundRobin)
    const picked = Array.from({ length: 4 }, () => balancer.pick(SET, pickContext())?.identity)
    expect(picked).toEqual(['a1', 'a2', 'a1', 'a2'])
    expect(balancer.name).toBe('round robin in a')
  })

  it('keeps the weights of those in its zone', () => {
    const set = endpointSet([
      inZone('b1', 'b', { weight: 9 }),
      inZone('a1', 'a', { weight: 3 }),
      inZone('a2', 'a'),
    ])
    const balancer = preferZone('a', roundRobin)
    const picked = Array.from({ length: 4 }, () => balancer.pick(set, pickContext())?.identity).sort()
    expect(picked).toEqual(['a1', 'a1', 'a1', 'a2'])
  })

  it('places in all zones where its own has nobody who takes new keys', () => {
    const set = endpointSet([inZone('a1', 'a', { weight: 0 }), inZone('b1', 'b')])
    expect(preferZone('a', rendezvous).pick(set, pickContext({ key: 'k' }))?.identity).toBe('b1')
    expect(preferZone('z', rendezvous).pick(SET, pickContext({ key: 'k' }))).toBeDefined()
  })

  it('places in all zones for one request to which its own zone is closed', () => {
    const balancer = preferZone('a', leastBound)
    expect(['b1', 'c1']).toContain(balancer.pick(SET, pickContext({ skip: ['a1', 'a2'] }))?.identity)
    expect(balancer.pick(SET, pickContext({ skip: ['a1'] }))?.identity).toBe('a2')
    expect(balancer.pick(SET, pickContext({ skip: ['a1', 'a2', 'b1', 'c1'] }))).toBeUndefined()
  })

  it('places in all zones where its own has fewer endpoints than asked', () => {
    const keys = { a1: 1, a2: 1, c1: 1 }
    const place = (leastEndpoints: number) =>
      preferZone('a', leastBound, { leastEndpoints }).pick(SET, pickContext({ keys }))?.identity
    expect(['a1', 'a2']).toContain(place(2))
    expect(place(3)).toBe('b1')
  })

  it('follows the newest set', () => {
    const balancer = preferZone('a', rendezvous)
    balancer.pick(SET, pickContext({ key: 'k' }))
    const moved = endpointSet([inZone('a1', 'b'), inZone('b1', 'a')])
    expect(balancer.pick(moved, pickContext({ key: 'k' }))?.identity).toBe('b1')
  })

  it.each<[string, unknown[]]>([
    ['option "preferZone.zone": expected the name of a zone, got ""', ['', rendezvous]],
    ['option "preferZone.placement": expected a function, got an object', ['a', rendezvous()]],
    ['option "preferZone.leastEndpoints": expected an integer', ['a', rendezvous, { leastEndpoints: 0 }]],
    ['option "preferZone.least" is unknown; known: leastEndpoints', ['a', rendezvous, { least: 1 }]],
  ])('refuses: %s', (message, given) => {
    expect(() => preferZone(...(given as Parameters<typeof preferZone>))).toThrow(message)
  })
})
