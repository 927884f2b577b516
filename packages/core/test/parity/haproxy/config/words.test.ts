import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lineWords } from '../../../../src/parity/haproxy/config/words.ts'

it.each([
  ['  server\ts1   10.0.0.1:80 ', ['server', 's1', '10.0.0.1:80']],
  ['a # b', ['a']],
  ['a#b', ['a']],
  ['a\\#b "c#d" \'e#f\'', ['a#b', 'c#d', 'e#f']],
  ['"a b" \'c "d"\' e\\ f', ['a b', 'c "d"', 'e f']],
  ['a"b c"d', ['ab cd']],
  ['\\x73\\x65rver', ['server']],
  ['a\\tb "c\\td" \'e\\tf\'', ['a\tb', 'c\td', 'e\\tf']],
  ['\\"a\\\' "b\\"" "c\'"', ['"a\'', 'b"', "c'"]],
  ["'a\\' b", ['a\\', 'b']],
  ['\\1 a\\', ['\\1', 'a\\']],
  ['$HOME \'$HOME\' "\\$HOME"', ['$HOME', '$HOME', '$HOME']],
  ['a\r b', ['a']],
  ['a"" b', ['a', 'b']],
  ['', []],
  ['   # nothing', []],
])('cuts %j as HAProxy does', (line, words) => {
  expect(lineWords(line)).toEqual({ words, fault: undefined })
})

it.each([
  ['server "a', 'a quote is not closed'],
  ["server 'a\\'", undefined],
  ["server 'a\\' '", 'a quote is not closed'],
  ['server \\xg0', '\\x needs two hexadecimal digits'],
  ['server \\x1', '\\x needs two hexadecimal digits'],
  ['server "$A"', 'the value of a variable of the environment is not in the text; write it out'],
  ['server "" b', 'versions of HAProxy differ on empty words'],
  ["server ''", 'versions of HAProxy differ on empty words'],
  [Array(65).fill('a').join(' '), 'more than 64 words'],
  [Array(64).fill('a').join(' '), undefined],
])('says of %j what is wrong', (line, fault) => {
  expect(lineWords(line).fault).toBe(fault)
})

it('has an answer to any line', () => {
  const chars = fc.constantFrom('"', "'", '\\', '$', '#', ' ', '\t', 'x', '4', 'n', 'a', '\r', 'é')
  fc.assert(
    fc.property(fc.string({ unit: chars, maxLength: 60 }), (line) => {
      const { words, fault } = lineWords(line)
      expect(fault === undefined ? words.every((word) => word !== '') : fault !== '').toBe(true)
    }),
  )
})
