import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  momentText,
  newVersion,
  parseStored,
  type StoredBinding,
  storedText,
} from '../../../src/table/redis/stored-value.ts'

const moment = fc.integer({ min: 0, max: 64 ** 7 - 1 })
const identity = fc.string({ minLength: 1, maxLength: 253, unit: 'binary' })

describe('a stored binding', () => {
  it('is read as it was written', () => {
    const stored = fc.record({
      version: fc.constant(0).map(newVersion),
      createdAt: moment,
      until: moment,
      deadline: fc.oneof(moment, fc.constant(Number.POSITIVE_INFINITY)),
      movedAt: fc.option(moment, { nil: undefined }),
      identity,
    })
    fc.assert(
      fc.property(stored, (binding: StoredBinding) => {
        expect(parseStored(storedText(binding))).toEqual(binding)
      }),
    )
  })

  it('has moments that compare as texts as they do as numbers', () => {
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        expect(momentText(one) < momentText(other)).toBe(one < other)
      }),
    )
  })

  it('of a short identity and no deadline fits into 28 bytes, as long as it was not moved', () => {
    const binding = { version: newVersion(), createdAt: 1, until: 2, deadline: Number.POSITIVE_INFINITY }
    expect(storedText({ ...binding, movedAt: undefined, identity: 'web-42' })).toHaveLength(28)
  })

  it('has a version that no other has', () => {
    expect(new Set(Array.from({ length: 10_000 }, newVersion)).size).toBe(10_000)
  })

  it('of a newer format is refused, and told from a damaged one', () => {
    expect(() => parseStored('2whatever')).toThrow(/newer/)
    const text = storedText({
      version: newVersion(),
      createdAt: 1,
      until: 2,
      deadline: 3,
      movedAt: 4,
      identity: 'web-0',
    })
    for (let length = 1; length <= text.length - 'web-0'.length; length++) {
      expect(() => parseStored(text.slice(0, length))).toThrow(/damaged/)
    }
    for (const other of [
      '',
      '1',
      undefined,
      null,
      7,
      ['a'],
      `${text.slice(0, 21)}x${text.slice(22)}`,
      `1 ${text.slice(2)}`,
    ]) {
      expect(() => parseStored(other)).toThrow(expect.objectContaining({ code: 'table-value' }))
    }
  })

  it('never makes a reader throw anything else, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ minLength: 20 }).map((text) => `1${text}`),
        ),
        (text) => {
          try {
            parseStored(text)
          } catch (error) {
            expect(error).toMatchObject({ code: 'table-value' })
          }
        },
      ),
    )
  })
})
