import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MaglevTurns } from '../../src/hash/maglev-turns.ts'

/** The turns as the guide specifies them, looking at each member in each round. */
function specified(weights: readonly number[], turns: number): number[] {
  const heaviest = Math.max(...weights)
  const taken = weights.map(() => 0)
  const order: number[] = []
  for (let round = 1; order.length < turns; round++) {
    for (const [member, weight] of weights.entries()) {
      if (round * weight < (taken[member] as number)) continue
      taken[member] = (taken[member] as number) + heaviest
      order.push(member)
    }
  }
  return order.slice(0, turns)
}

function taken(weights: readonly number[], turns: number): number[] {
  const source = new MaglevTurns(Float64Array.from(weights), turns)
  return Array.from({ length: turns }, () => source.next())
}

describe('the turns of maglev', () => {
  it('are those of each member in each round, whatever the weights', () => {
    const weight = fc.oneof(
      fc.constantFrom(1, 2, 16, 17, 65_535, 0.001, 0.1, 1 / 3, 1e-12, 1e-300),
      fc.double({ min: 1e-9, max: 100, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 500 }),
        (weights, turns) => {
          expect(taken(weights, turns)).toEqual(specified(weights, turns))
        },
      ),
    )
  })

  it('are so where a quotient of weights is rounded to the other side of their product', () => {
    for (const heavy of [1 / 3, 0.7, 1, 3, 10]) {
      for (let part = 17; part < 80; part++) {
        for (const light of [heavy / part, Math.round((heavy / part) * 1_000) / 1_000]) {
          expect(taken([light, heavy], 900), `${light} and ${heavy}`).toEqual(specified([light, heavy], 900))
        }
      }
    }
  })
})
