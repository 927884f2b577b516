import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { consistentHash, slicedHash } from '../../src/hash/make-consistent-hash.ts'
import { nativeEndpointHash } from '../../src/hash/native-endpoint-hash.ts'
import { turnClock } from '../support/turn-clock.ts'

const KEYS = Array.from({ length: 300 }, (_, index) => `session-${index}`)
const MEMBERS = Array.from({ length: 7 }, (_, index) => ({ identity: `web-${index}` }))
const FAULT = new Error('no answer')

describe.each(['ring', 'rendezvous', 'maglev'] as const)('functions that a pick asks: %s', (algorithm) => {
  const hash = consistentHash(
    MEMBERS,
    algorithm === 'maglev' ? { algorithm, tableSize: 1_009 } : { algorithm },
  )

  it('may pick from the same hash', () => {
    for (const key of KEYS) {
      const order = [...hash.candidates(key)]
      const isSkipped = new Set(order.slice(0, 4))
      const asked: unknown[] = []
      const skip = (member: (typeof order)[number]) => {
        hash.pick(`${key} ${member.identity}`, { skip: ({ identity }) => identity !== 'web-0' })
        asked.push(member)
        return isSkipped.has(member)
      }
      expect(hash.pick(key, { skip })).toBe(order[4])
      expect(new Set(asked).size).toBe(asked.length)
    }
  })

  it('may throw, and the next pick is as ever', () => {
    const fail = () => {
      throw FAULT
    }
    for (const key of KEYS.slice(0, 50)) {
      const [first, second] = [...hash.candidates(key)]
      expect(() => hash.pick(key, { skip: fail })).toThrow(FAULT)
      expect(() => hash.pick(key, { load: fail, total: 1, bound: 1 })).toThrow(FAULT)
      expect(hash.pick(key, { skip: (member) => member === first })).toBe(second)
    }
  })
})

describe('functions that a mapping of endpoints asks', () => {
  const { endpoints } = endpointSet(MEMBERS.map(({ identity }) => ({ name: identity, host: 'a', port: 80 })))
  const weights = endpoints.map(() => 1)
  const free = { skips: () => false }
  const load = { inFlight: () => 0, totalInFlight: () => 0, bound: 1 }

  it('may ask it themselves, with other limits', () => {
    const mapping = nativeEndpointHash(slicedHash([], {})).over(endpoints, weights, undefined)
    const hash = consistentHash(MEMBERS)
    for (const key of KEYS) {
      const order = [...hash.candidates(key)].map(({ identity }) => identity)
      const skips = ({ identity }: Endpoint) => {
        mapping.pickWithin(`${key} ${identity}`, { skips: () => true, load: { ...load, bound: 1_000 } })
        return order.indexOf(identity) < 3
      }
      expect(mapping.pickWithin(key, { skips })?.identity).toBe(order[3])
      expect(mapping.pickWithin(key, { skips, load })?.identity).toBe(order[3])
    }
  })

  it('may throw, which leaves out nobody from later picks, also while another set is built', () => {
    const clock = turnClock()
    const nativeHash = nativeEndpointHash(slicedHash([], {}), clock)
    const many = endpointSet(
      Array.from({ length: 140 }, (_, index) => ({ name: `web-${index}`, host: 'a', port: 80 })),
    ).endpoints
    const heavy = many.map(() => 20)
    const before = nativeHash.over(many.slice(0, 100), heavy.slice(0, 100), undefined)
    const mapping = nativeHash.over(many.slice(40), heavy.slice(40), before)
    const expected = KEYS.map((key) => mapping.pick(key))
    let asked = 0
    const skips = () => {
      if (asked++ > 0) throw FAULT
      return true
    }
    expect(() => mapping.pickWithin('session-1', { skips })).toThrow(FAULT)
    expect(KEYS.map((key) => mapping.pick(key))).toEqual(expected)
    expect(KEYS.map((key) => mapping.pickWithin(key, free))).toEqual(expected)
    expect(clock.waiting).toBe(1)
  })
})
