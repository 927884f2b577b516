import fc from 'fast-check'

/** What parsers trip over: line ends of every kind, blanks, controls, signs, and what frames messages. */
const TROUBLE: readonly string[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\r\n',
    '\r\n\r\n',
    '\n\n',
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\x7f',
    '\xa0',
    '\xff',
    ':',
    ' :',
    ',',
  ],
  ...[
    ';',
    '"',
    '+',
    '-',
    '0',
    '0x',
    '#',
    '\\',
    '@',
    '//',
    '%0d%0a',
    '_',
    'chunked',
    'identity',
    'HTTP/1.0',
    'HTTP/1.1',
  ],
  ...[
    'Content-Length: 0\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
  ],
  ...['0\r\n\r\n', '5\r\n', 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n', 'HTTP/1.1 200 OK\r\n'],
]

type Mutation = (text: string) => string

const place = fc.double({ min: 0, max: 1, noNaN: true })
const at = (text: string, where: number) => Math.floor(where * text.length)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...TROUBLE)).map(([where, piece]): Mutation => {
    return (text) => text.slice(0, at(text, where)) + piece + text.slice(at(text, where))
  }),
  fc.tuple(place, fc.constantFrom(...TROUBLE)).map(([where, piece]): Mutation => {
    return (text) => text.slice(0, at(text, where)) + piece + text.slice(at(text, where) + piece.length)
  }),
  fc.tuple(place, fc.nat(6)).map(([where, count]): Mutation => {
    return (text) => text.slice(0, at(text, where)) + text.slice(at(text, where) + count)
  }),
  fc.tuple(place, place, place).map(([a, b, where]): Mutation => {
    return (text) => {
      const [from, to] = [at(text, Math.min(a, b)), at(text, Math.max(a, b))]
      return text.slice(0, at(text, where)) + text.slice(from, to) + text.slice(at(text, where))
    }
  }),
)

/** One of these latin1 texts, changed in up to `most` places. */
export function mutated(texts: readonly string[], most: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(mutation, { maxLength: most }))
    .map(([text, mutations]) => mutations.reduce((changed, mutate) => mutate(changed), text))
}

/** The same text in pieces, cut anywhere. */
export function cutUp(text: string, cuts: readonly number[]): string[] {
  const bounds = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]
  return bounds.slice(1).map((end, i) => text.slice(bounds[i], end))
}
