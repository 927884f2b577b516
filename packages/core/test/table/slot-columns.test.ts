import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotColumns, SparseColumn } from '../../src/table/slot-columns.ts'

describe('SlotColumns', () => {
  it('gives every slot a row of its own, in as many segments as it takes', () => {
    const columns = new SlotColumns(16, 2)
    columns.reach(9)
    expect(columns.words.map((segment) => segment.length)).toEqual([16, 16, 16])
    const { words, shift, mask, rowWords } = columns
    for (let slot = 0; slot < 12; slot++) {
      for (let word = 0; word < rowWords; word++) {
        const segment = words[slot >>> shift] as Int32Array
        const at = (slot & mask) * rowWords + word
        expect(segment[at]).toBe(0)
        segment[at] = slot * 10 + word + 1
      }
    }
    expect(words.flatMap((segment) => [...segment])).toEqual(
      Array.from({ length: 48 }, (_, index) => Math.floor(index / 4) * 10 + (index % 4) + 1),
    )
  })

  it('neither moves nor clears a segment that is there', () => {
    const columns = new SlotColumns(8, 1)
    columns.reach(0)
    const [first] = columns.words as [Int32Array]
    first[3] = 7
    for (let slot = 0; slot < 100; slot++) columns.reach(slot)
    columns.reach(0)
    expect(columns.words).toHaveLength(50)
    expect(columns.words[0]).toBe(first)
    expect(first[3]).toBe(7)
  })

  it('shows the same bytes as words and as numbers', () => {
    const columns = new SlotColumns(24, 1)
    columns.reach(3)
    const { numbers, words, rowNumbers, rowWords } = columns
    ;(numbers[1] as Float64Array)[rowNumbers] = 1
    expect((words[1] as Int32Array)[rowWords + 1]).toBe(0x3ff0_0000)
    expect(numbers).toHaveLength(2)
  })

  it('has no numbers where a row is too short for one', () => {
    const columns = new SlotColumns(4, 3)
    columns.reach(20)
    expect(columns.words).toHaveLength(3)
    expect(columns.numbers).toHaveLength(0)
  })
})

describe('SparseColumn', () => {
  it('holds what a map holds', () => {
    const action = fc.record({ slot: fc.nat(200), value: fc.option(fc.double({ noNaN: true })) })
    fc.assert(
      fc.property(fc.array(action), fc.integer({ min: 0, max: 4 }), (actions, bits) => {
        const column = new SparseColumn(bits)
        const model = new Map<number, number>()
        for (const { slot, value } of actions) {
          if (value === null) column.unset(slot)
          else column.set(slot, value)
          if (value === null) model.delete(slot)
          else model.set(slot, value)
        }
        for (let slot = 0; slot <= 210; slot++) expect(column.at(slot)).toBe(model.get(slot) ?? Number.NaN)
      }),
    )
  })
})
