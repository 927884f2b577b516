import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leastBound } from '../../src/balance/least-bound.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { pickContext } from '../support/pick-context.ts'

const pods = (weights: Readonly<Record<string, number>>) =>
  endpointSet(Object.entries(weights).map(([name, weight]) => ({ name, weight, host: 'a', port: 80 })))
const pick = (weights: Readonly<Record<string, number>>, given: Parameters<typeof pickContext>[0]) =>
  leastBound().pick(pods(weights), pickContext(given))?.identity

describe('leastBound', () => {
  it('takes the endpoint with the fewest keys, requests in flight or not', () => {
    expect(pick({ a: 1, b: 1, c: 1 }, { keys: { a: 5, b: 3, c: 4 }, load: { b: 99 } })).toBe('b')
  })

  it('goes by the weight: the key that comes counts already', () => {
    expect(pick({ a: 1, b: 3 }, { keys: { a: 1, b: 4 } })).toBe('b')
    expect(pick({ a: 1, b: 3 }, { keys: { a: 0, b: 3 } })).toBe('a')
    expect(pick({ a: 1, b: 3 }, { keys: { a: 0, b: 1 } })).toBe('b')
  })

  it('leaves out those to be skipped and those without a weight', () => {
    expect(pick({ a: 0, b: 1, c: 1 }, { keys: { b: 9, c: 10 }, skip: ['b'] })).toBe('c')
    expect(pick({ a: 1 }, { skip: ['a'] })).toBeUndefined()
    expect(pick({}, {})).toBeUndefined()
  })

  it('chooses evenly among equals, wherever they stand', () => {
    const balancer = leastBound()
    const set = pods({ a: 1, b: 1, c: 1, d: 1 })
    const random = fakeRandom(3)
    const found: Record<string, number> = {}
    for (let index = 0; index < 8_000; index++) {
      const name = balancer.pick(set, pickContext({ random }))?.identity as string
      found[name] = (found[name] ?? 0) + 1
    }
    for (const name of ['a', 'b', 'c', 'd']) expect((found[name] as number) / 8_000).toBeCloseTo(0.25, 1)
  })

  it('fills endpoints to within a key of their share, for any weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const byName = Object.fromEntries(weights.map((weight, index) => [`p${index}`, weight]))
        const keys: Record<string, number> = {}
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (let key = 0; key < total; key++) {
          const name = pick(byName, { keys, random: fakeRandom(key + 1) }) as string
          keys[name] = (keys[name] ?? 0) + 1
        }
        expect(keys).toEqual(byName)
      }),
    )
  })
})
