import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonLines } from '../../../../src/discovery/kubernetes/api/json-lines.ts'

function split(bytes: Buffer, cuts: readonly number[], maxBytes = 1_000): string[] {
  const lines = new JsonLines(maxBytes)
  const bounds = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ]
  return bounds.slice(1).flatMap((end, index) => [...lines.take(bytes.subarray(bounds[index], end))])
}

describe('lines of JSON', () => {
  it('are the same however the bytes are cut', () => {
    const line = fc.json().map((text) => text.replaceAll('\n', ' '))
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            line,
            fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
          ),
        ),
        fc.array(fc.nat()),
        (texts, cuts) => {
          const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
          expect(split(bytes, cuts, 100_000)).toEqual(texts)
        },
      ),
    )
  })

  it('are whole though each byte comes alone, within a character too', () => {
    const bytes = Buffer.from('{"zone":"Zürich-🐚"}\n{"n":1}\n')
    expect(split(bytes, [...bytes.keys()])).toEqual(['{"zone":"Zürich-🐚"}', '{"n":1}'])
  })

  it('end a stream that sends a line without an end, before it fills the memory', () => {
    const lines = new JsonLines(100)
    expect([...lines.take(Buffer.alloc(100, 'x'))]).toEqual([])
    expect(() => [...lines.take(Buffer.from('x'))]).toThrow('at most 100 bytes')
  })

  it('tell whether the end was within one', () => {
    const lines = new JsonLines(100)
    for (const _line of lines.take(Buffer.from('{}\n{"a"'))) expect(lines.isWithinLine).toBe(false)
    expect(lines.isWithinLine).toBe(true)
  })

  it('leave out blank ones', () => {
    expect(split(Buffer.from('\n\r\n{}\r\n \n'), [1])).toEqual(['{}\r'])
  })
})
