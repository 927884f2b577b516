import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyLanes } from '../../src/hash/key-lanes.ts'
import { filledTable } from '../../src/hash/maglev-table.ts'
import type { WeightedMember } from '../../src/hash/member.ts'
import { finished } from '../../src/hash/steps.ts'

/** The table as the guide specifies it, looking at each member in each round. */
function specified(members: readonly WeightedMember[], size: number): (string | undefined)[] {
  const table = new Array<string | undefined>(size).fill(undefined)
  const lanes = new KeyLanes(0x6c696d70, 0x65743033)
  const heaviest = Math.max(...members.map(({ weight }) => weight))
  const takers = members
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => (one.identity < other.identity ? -1 : 1))
    .map(({ identity, weight }) => {
      lanes.readText(identity)
      return { identity, weight, turns: 0, place: lanes.first % size, step: (lanes.second % (size - 1)) + 1 }
    })
  let left = takers.length === 0 ? 0 : size
  for (let round = 1; left > 0; round++) {
    for (const taker of takers) {
      if (left === 0 || round * taker.weight < taker.turns) continue
      taker.turns += heaviest
      while (table[taker.place] !== undefined) taker.place = (taker.place + taker.step) % size
      table[taker.place] = taker.identity
      left--
    }
  }
  return table
}

describe('the table of maglev', () => {
  it('is the one that the guide specifies, whatever the weights', () => {
    const members = fc.uniqueArray(
      fc.record({
        identity: fc.constantFrom(...Array.from({ length: 20 }, (_, i) => `web-${i}`)),
        weight: fc.oneof(
          fc.constantFrom(0, 1, 1, 1, 2, 16, 17, 255, 65_535),
          fc.constantFrom(0.001, 0.1, 0.3, 1 / 3, 1e-12, 1e-300),
          fc.double({ min: 0, max: 100, noNaN: true }),
        ),
      }),
      { selector: ({ identity }) => identity, maxLength: 15 },
    )
    fc.assert(
      fc.property(members, fc.constantFrom(17, 101, 1_009), (list, size) => {
        const table = finished(filledTable(list, 0, size))
        const owners = Array.from(table, (index) => list[index]?.identity)
        expect(owners).toEqual(specified(list, size))
      }),
      { numRuns: 300 },
    )
  })

  it('is filled in slices, and in time also where one of very many members has nearly all the weight', () => {
    const members = Array.from({ length: 130_000 }, (_, i) => ({
      identity: `web-${i}`,
      weight: i === 7 ? 65_535 : 0.001,
    }))
    const steps = filledTable(members, 0, 999_983)
    let slices = 1
    for (; steps.next().done !== true; slices++) expect(slices).toBeLessThan(1_000)
    expect(slices).toBeGreaterThan(10)
  })
})
