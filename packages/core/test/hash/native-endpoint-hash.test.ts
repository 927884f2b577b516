import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { EndpointMapping } from '../../src/hash/endpoint-hash.ts'
import { consistentHash, slicedHash } from '../../src/hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../../src/hash/native-endpoint-hash.ts'
import { turnClock } from '../support/turn-clock.ts'

const KEYS = Array.from({ length: 300 }, (_, i) => `session-${i}`)
/** Heavy ones, so that a hundred of them are more points than one slice sorts. */
const WEIGHT = 20

function replica() {
  const clock = turnClock()
  const hash = nativeEndpointHash(slicedHash([], {}), clock)
  let mapping: EndpointMapping | undefined
  let endpoints: readonly Endpoint[] = []
  return {
    clock,
    over(from: number, to: number): EndpointMapping {
      const inits = Array.from({ length: to - from }, (_, i) => {
        return { name: `web-${from + i}`, host: 'a', port: 80 }
      })
      endpoints = endpointSet(inits).endpoints
      mapping = hash.over(endpoints, new Array<number>(endpoints.length).fill(WEIGHT), mapping)
      return mapping
    },
    has: (endpoint: Endpoint | undefined) => endpoint !== undefined && endpoints.includes(endpoint),
  }
}

function homeOf(from: number, to: number): (key: string) => string | undefined {
  const members = Array.from({ length: to - from }, (_, i) => ({
    identity: `web-${from + i}`,
    weight: WEIGHT,
  }))
  const hash = consistentHash(members)
  return (key) => hash.pick(key)?.identity
}

describe('nativeEndpointHash()', () => {
  it('answers only endpoints of the newest set while its hash is being built, as the old one does without those that are gone', () => {
    const { clock, over, has } = replica()
    over(0, 100)
    const mapping = over(40, 140)
    const meanwhile = homeOf(40, 100)
    for (const key of KEYS) {
      expect(mapping.pick(key)?.identity).toBe(meanwhile(key))
      expect(mapping.pickWithin(key, { skips: () => false })?.identity).toBe(meanwhile(key))
      expect(has(mapping.pick(key))).toBe(true)
    }
    expect(clock.waiting).toBe(1)
    clock.runAll()
    const afterwards = homeOf(40, 140)
    for (const key of KEYS) expect(mapping.pick(key)?.identity).toBe(afterwards(key))
  })

  it('skips during a build what it is told to, and builds the rest at once where only new endpoints are left', () => {
    const { clock, over } = replica()
    over(0, 100)
    const mapping = over(40, 140)
    const skips = ({ identity }: Endpoint) => identity === 'web-50'
    for (const key of KEYS) expect(mapping.pickWithin(key, { skips })?.identity).not.toBe('web-50')
    expect(clock.waiting).toBe(1)
    const isOld = ({ identity }: Endpoint) => Number(identity.slice(4)) < 100
    const chosen = mapping.pickWithin('session-1', { skips: isOld })
    expect(chosen?.identity).toBe(homeOf(100, 140)('session-1'))
    expect(clock.waiting).toBe(0)
    expect(mapping.pickWithin('session-1', { skips: () => true })).toBeUndefined()
  })

  it('does not build at once because a bound on load leaves nobody', () => {
    const { clock, over } = replica()
    over(0, 100)
    const mapping = over(40, 140)
    const load = { inFlight: () => 1_000, totalInFlight: () => 100, bound: 1 }
    expect(mapping.pickWithin('session-1', { skips: () => false, load })).toBeUndefined()
    expect(clock.waiting).toBe(1)
  })

  it('counts the load of a gone endpoint as none, and places within the bound meanwhile', () => {
    const { clock, over, has } = replica()
    over(0, 100)
    const mapping = over(40, 140)
    const counts = new Map<string, number>()
    const load = {
      inFlight: ({ identity }: Endpoint) => counts.get(identity) ?? 0,
      totalInFlight: () => 300,
      bound: 1.25,
    }
    for (const key of KEYS.slice(0, 100)) {
      const endpoint = mapping.pickWithin(key, { skips: () => false, load })
      expect(has(endpoint)).toBe(true)
      const name = endpoint?.identity as string
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect(clock.waiting).toBe(1)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(Math.ceil((1.25 * 301) / 100))
  })

  it('comes to one mapping in replicas that heard of different sets, in different turns', () => {
    const [one, other] = [replica(), replica()]
    one.over(0, 100)
    one.over(40, 140)
    one.clock.turn()
    one.over(50, 150)
    other.over(60, 90)
    const mappings = [one.over(45, 145), other.over(45, 145)]
    one.clock.runAll()
    other.clock.runAll()
    const expected = homeOf(45, 145)
    for (const mapping of mappings) {
      for (const key of KEYS) expect(mapping.pick(key)?.identity).toBe(expected(key))
    }
  })
})
