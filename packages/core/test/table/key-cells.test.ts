import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { KeyCells } from '../../src/table/key-cells.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const keys = fc
  .uint8Array({ maxLength: 71, size: 'max' })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

describe('KeyCells', () => {
  it('keeps keys of every length, with every character', () => {
    const cells = new KeyCells(2)
    const kept = new Map<number, string>()
    for (let length = 0; length <= 71; length++) {
      for (let first = 0; first < 256; first += 15) {
        const key = Array.from({ length }, (_, at) => String.fromCharCode((first + at * 37) & 255)).join('')
        const place = cells.add(key)
        expect(kept.has(place)).toBe(false)
        kept.set(place, key)
      }
    }
    for (const [place, key] of kept) {
      expect(cells.at(place)).toBe(key)
      expect(cells.holds(place, key)).toBe(true)
    }
  })

  it('tells a key from one that differs in length or in any one character', () => {
    const cells = new KeyCells(1)
    const key = '\x00\x7f\x80\xff'.repeat(16)
    const place = cells.add(key)
    expect(cells.holds(place, key.slice(1))).toBe(false)
    expect(cells.holds(place, `${key} `)).toBe(false)
    expect(cells.holds(place, '')).toBe(false)
    for (let at = 0; at < key.length; at++) {
      expect(cells.holds(place, `${key.slice(0, at)}q${key.slice(at + 1)}`)).toBe(false)
    }
  })

  it('does not take a key for the rest of one that lay there before', () => {
    const cells = new KeyCells(1)
    cells.remove(cells.add('abcdefg'))
    const place = cells.add('ab')
    expect(cells.at(place)).toBe('ab')
    expect(cells.holds(place, 'abcdefg')).toBe(false)
  })

  it('gives a place again to a key of like length, so that keys which come and go leave nothing behind', () => {
    const cells = new KeyCells(1)
    const places = new Set<number>()
    for (let round = 0; round < 1_000; round++) {
      const kept = [0, 7, 8, 36, 63, 64, 65].map((length) => cells.add(String(round % 10).repeat(length)))
      for (const place of kept) places.add(place)
      for (const place of kept) cells.remove(place)
    }
    expect(places.size).toBe(7)
  })

  it('holds what a map holds', () => {
    const action = fc.record({ key: keys, isAdd: fc.boolean(), pick: fc.nat() })
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 80, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        (actions, bits) => {
          const cells = new KeyCells(bits)
          const model = new Map<number, string>()
          for (const { key, isAdd, pick } of actions) {
            if (isAdd || model.size === 0) {
              const place = cells.add(key)
              expect(model.has(place)).toBe(false)
              model.set(place, key)
            } else {
              const place = [...model.keys()][pick % model.size] as number
              cells.remove(place)
              model.delete(place)
            }
            for (const [place, its] of model) expect(cells.at(place)).toBe(its)
          }
        },
      ),
    )
  })
})
