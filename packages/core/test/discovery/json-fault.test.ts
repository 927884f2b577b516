import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFault } from '../../src/discovery/json-fault.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Texts that are JSON but for a few characters. */
const nearJson = fc
  .tuple(
    fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value, undefined, 2)),
    ),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('', ',', '"', '[', ']', '{', '}', ':', '\\', '0', 'e', '.', '-', '\n', '\u0001', 't'),
      ),
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((edited, [place, part]) => {
      const at = place % (edited.length + 1)
      return edited.slice(0, at) + part + edited.slice(at + (part === '' ? 1 : 0))
    }, text),
  )

describe('jsonFault', () => {
  it.each([
    ['', 0, 'a value'],
    ['[1, 2', 5, '"," or "]"'],
    ['[1,]', 3, 'a value'],
    ['[,', 1, 'a value or "]"'],
    ['{"a": 1,}', 8, 'a name in quotes'],
    ["{'a': 1}", 1, 'a name in quotes or "}"'],
    ['{"a" 1}', 5, '":"'],
    ['{"a": 1 "b"', 8, '"," or "}"'],
    ['{"a": 1]', 7, '"," or "}"'],
    ['["a\nb"]', 3, 'the rest of a string'],
    ['["a\\x"]', 3, 'the rest of a string'],
    ['{"a', 3, 'the rest of a string'],
    ['[nul]', 1, 'a value or "]"'],
    ['[01]', 2, '"," or "]"'],
    ['[] []', 3, 'nothing more'],
    ['[1] // pods', 4, 'nothing more'],
  ])('of %j is at %i, where it expects %s', (text, offset, expected) => {
    expect(jsonFault(text)).toEqual({ offset, expected })
    expect(isJson(text)).toBe(false)
  })

  it('is found behind as many escapes as the longest file has', () => {
    const text = `["${'\\n'.repeat(8_000_000)}`
    expect(jsonFault(text)).toEqual({ offset: text.length, expected: 'the rest of a string' })
  })

  it('is found exactly in what JSON.parse refuses', () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the first one: what stands before it could go on as JSON', () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        const fault = jsonFault(text)
        if (!fault) return
        const before = jsonFault(text.slice(0, fault.offset))
        if (before) expect(before.offset).toBe(fault.offset)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is found at any depth and in long strings', () => {
    expect(jsonFault('['.repeat(200_000))).toEqual({ offset: 200_000, expected: 'a value or "]"' })
    const long = `["${'\\n'.repeat(100_000)}${'x'.repeat(1_000_000)}", ?]`
    expect(jsonFault(long)?.offset).toBe(long.length - 2)
  })
})
