import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedPoints } from '../../src/parity/sorted-points.ts'

const position = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: 0, max: 3 }),
  fc.constant(0xffffffff),
)

describe('SortedPoints', () => {
  it('sorts by position and keeps the order of equals', () => {
    fc.assert(
      fc.property(fc.array(position, { maxLength: 300 }), (positions) => {
        const points = new SortedPoints(Uint32Array.from(positions), Uint32Array.from(positions.keys()))
        const expected = [...positions.entries()].sort((one, other) => one[1] - other[1] || one[0] - other[0])
        expect([...points.owners]).toEqual(expected.map(([index]) => index))
        expect([...points.positions]).toEqual(expected.map(([, at]) => at))
      }),
    )
  })

  it('finds the first point at or behind a position, and the size behind the last', () => {
    fc.assert(
      fc.property(fc.array(position, { maxLength: 300 }), position, (positions, sought) => {
        const points = new SortedPoints(Uint32Array.from(positions), new Uint32Array(positions.length))
        expect(points.indexAt(sought)).toBe(positions.filter((at) => at < sought).length)
      }),
    )
  })
})
