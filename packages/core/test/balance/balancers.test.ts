import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Balancer, PickContext } from '../../src/balance/balancer.ts'
import { leastRequests } from '../../src/balance/least-requests.ts'
import { maglev } from '../../src/balance/maglev.ts'
import { random } from '../../src/balance/random.ts'
import { rendezvous } from '../../src/balance/rendezvous.ts'
import { ring } from '../../src/balance/ring.ts'
import { roundRobin } from '../../src/balance/round-robin.ts'
import { type EndpointSet, endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

function pods(weights: Readonly<Record<string, number>>): EndpointSet {
  return endpointSet(Object.entries(weights).map(([name, weight]) => ({ name, weight, host: 'a', port: 80 })))
}

function context(
  given: Partial<PickContext> & {
    skip?: readonly string[]
    load?: Record<string, number>
    keys?: Record<string, number>
  } = {},
): PickContext {
  const { skip = [], load = {}, keys = {}, random: draw = fakeRandom(1) } = given
  return {
    key: given.key,
    skips: ({ identity }) => skip.includes(identity),
    inFlight: ({ identity }) => load[identity] ?? 0,
    overflows: () => undefined,
    totalInFlight: () => Object.values(load).reduce((sum, requests) => sum + requests, 0),
    bound: ({ identity }) => keys[identity] ?? 0,
    random: draw,
  }
}

function counts(
  balancer: Balancer,
  set: EndpointSet,
  picks: number,
  given: PickContext,
): Record<string, number> {
  const result: Record<string, number> = {}
  for (let pick = 0; pick < picks; pick++) {
    const name = balancer.pick(set, given)?.identity ?? 'none'
    result[name] = (result[name] ?? 0) + 1
  }
  return result
}

const FACTORIES = { random, roundRobin, leastRequests, rendezvous, ring, maglev }

describe.each(Object.entries(FACTORIES))('%s', (_name, create) => {
  const keyed = (key: string) => context({ key })

  it('answers nothing for an empty set, or when all are skipped', () => {
    expect(create().pick(pods({}), keyed('k'))).toBeUndefined()
    expect(create().pick(pods({ a: 1, b: 1 }), context({ key: 'k', skip: ['a', 'b'] }))).toBeUndefined()
    expect(create().pick(pods({ a: 0 }), keyed('k'))).toBeUndefined()
  })

  it('picks only placeable endpoints that are not skipped, on any set', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 0, max: 3 })),
        fc.subarray(['a', 'b', 'c', 'd', 'e']),
        fc.string({ minLength: 1 }),
        fc.integer({ min: 1 }),
        (weights, skip, key, seed) => {
          const set = pods(weights)
          const eligible = set.placeable
            .map(({ identity }) => identity)
            .filter((name) => !skip.includes(name))
          const picked = create().pick(set, context({ key, skip, random: fakeRandom(seed) }))?.identity
          if (eligible.length === 0) expect(picked).toBeUndefined()
          else expect(eligible).toContain(picked)
        },
      ),
    )
  })

  it('follows the newest set', () => {
    const balancer = create()
    balancer.pick(pods({ a: 1, b: 1 }), keyed('k'))
    expect(balancer.pick(pods({ c: 1 }), keyed('k'))?.identity).toBe('c')
  })
})

describe('random', () => {
  it.each([
    [{ a: 1, b: 1, c: 1 }, { a: 1 / 3, b: 1 / 3, c: 1 / 3 }, []],
    [{ a: 1, b: 2, c: 5 }, { a: 1 / 8, b: 2 / 8, c: 5 / 8 }, []],
    [{ a: 1, b: 2, c: 5 }, { a: 1 / 3, b: 2 / 3 }, ['c']],
  ])('shares %j by weight, also among the rest', (weights, shares, skip) => {
    const found = counts(random(), pods(weights), 20_000, context({ skip }))
    for (const [name, share] of Object.entries(shares))
      expect((found[name] ?? 0) / 20_000).toBeCloseTo(share, 1.5)
    expect(Object.keys(found).sort()).toEqual(Object.keys(shares))
  })
})

describe('roundRobin', () => {
  it('spreads turns over the cycle as nginx does', () => {
    const balancer = roundRobin()
    const set = pods({ a: 5, b: 1, c: 1 })
    const turns = Array.from({ length: 14 }, () => balancer.pick(set, context())?.identity).join('')
    expect(turns).toBe('aabacaaaabacaa')
  })

  it('gives each endpoint exactly its weight in each cycle', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const byName = Object.fromEntries(weights.map((weight, index) => [`p${index}`, weight]))
        const balancer = roundRobin()
        const cycle = weights.reduce((sum, weight) => sum + weight, 0)
        for (let round = 0; round < 3; round++)
          expect(counts(balancer, pods(byName), cycle, context())).toEqual(byName)
      }),
    )
  })

  it('keeps the turns of those that stay when the set changes', () => {
    const balancer = roundRobin()
    balancer.pick(pods({ a: 1, b: 1 }), context())
    expect(balancer.pick(pods({ a: 1, b: 1, c: 1 }), context())?.identity).toBe('b')
  })
})

describe('leastRequests', () => {
  it('takes the one with fewer requests for its weight', () => {
    const set = pods({ a: 1, b: 4 })
    expect(counts(leastRequests(), set, 100, context({ load: { a: 2, b: 7 } }))).toEqual({ b: 100 })
    expect(counts(leastRequests(), set, 100, context({ load: { a: 0, b: 7 } }))).toEqual({ a: 100 })
  })

  it('draws every pair as often, so that idle endpoints share evenly', () => {
    const found = counts(leastRequests(), pods({ a: 1, b: 1, c: 1, d: 1 }), 20_000, context())
    for (const picks of Object.values(found)) expect(picks / 20_000).toBeCloseTo(0.25, 1.5)
  })

  it('finds the only one left among many skipped', () => {
    const names = Array.from({ length: 500 }, (_, index) => `p${index}`)
    const set = pods(Object.fromEntries(names.map((name) => [name, 1])))
    expect(leastRequests().pick(set, context({ skip: names.slice(1) }))?.identity).toBe('p0')
  })
})

describe('rendezvous', () => {
  const home = (set: EndpointSet, key: string, skip: readonly string[] = []) =>
    rendezvous().pick(set, context({ key, skip }))?.identity
  const weights = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.integer({ min: 1, max: 9 }),
    { minKeys: 1 },
  )
  const key = fc.string({ unit: 'binary', minLength: 1 })

  it('depends on the set of identities and weights, not on order', () => {
    fc.assert(
      fc.property(weights, key, (given, k) => {
        const reversed = Object.fromEntries(Object.entries(given).reverse())
        expect(home(pods(given), k)).toBe(home(pods(reversed), k))
      }),
    )
  })

  it('skips as if the endpoint were not there', () => {
    fc.assert(
      fc.property(weights, key, fc.constantFrom('a', 'b', 'c'), (given, k, out) => {
        const { [out]: _, ...rest } = given
        expect(home(pods(given), k, [out])).toBe(home(pods(rest), k))
      }),
    )
  })

  it('moves keys only to an endpoint that was added or made heavier', () => {
    fc.assert(
      fc.property(weights, key, fc.constantFrom('a', 'g'), (given, k, changed) => {
        const before = home(pods(given), k)
        const after = home(pods({ ...given, [changed]: (given[changed] ?? 0) + 3 }), k)
        expect([before, changed]).toContain(after)
      }),
    )
  })

  it.each([[{ a: 1, b: 1, c: 1, d: 1 }], [{ a: 1, b: 2, c: 5 }]])('shares keys by weight: %j', (given) => {
    const set = pods(given)
    const balancer = rendezvous()
    const total = Object.values(given).reduce((sum, weight) => sum + weight, 0)
    const found: Record<string, number> = {}
    for (let index = 0; index < 20_000; index++) {
      const name = balancer.pick(set, context({ key: `user-${index}` }))?.identity as string
      found[name] = (found[name] ?? 0) + 1
    }
    for (const [name, weight] of Object.entries(given)) {
      expect((found[name] ?? 0) / 20_000).toBeCloseTo(weight / total, 1.7)
    }
  })

  it('balances requests without a key', () => {
    const found = counts(rendezvous(), pods({ a: 1, b: 1 }), 1_000, context())
    expect(Object.keys(found).sort()).toEqual(['a', 'b'])
  })
})
