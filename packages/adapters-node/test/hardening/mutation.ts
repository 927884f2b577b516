import fc from 'fast-check'

/** What parsers trip over: line ends of every kind, blanks, controls, signs. */
const PIECES: readonly string[] = [
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
  ...[';', '"', '+', '-', '0', '0x', '#', '\\', '@', '//', '_', 'x', '5', '1.0', 'http://evil'],
]
/** Whole lines where a header or a chunk could stand. */
const LINES: readonly string[] = [
  ...[
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: +5',
    'Content-Length : 5',
    'Content_Length: 5',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding : chunked',
    'X: y',
    ' folded',
  ],
  ...[
    'Connection: close',
    'Host: evil',
    'X: y\nContent-Length: 5',
    'X: y\rContent-Length: 5',
    'no colon',
    ': none',
    '',
  ],
  ...[
    '0',
    '5',
    '5;a',
    '5 ',
    '+5',
    '0\r\n',
    'GET /smuggled HTTP/1.1\r\nHost: shop\r\n',
    'HTTP/1.1 200 OK\r\n',
  ],
]
/** In place of the value of a framing header. */
const VALUES: readonly string[] = [
  ...[
    '+5',
    '-5',
    '05',
    '5, 5',
    '5,6',
    '0x5',
    '5 5',
    '5\0',
    '5\xa0',
    '99999999999999999999',
    '5\n',
    '5\r',
    '',
  ],
  ...[
    'chunked, identity',
    'gzip, chunked',
    'xchunked',
    'chunkedx',
    'chunked;q=1',
    ',chunked',
    '\x0bchunked',
    'CHUNKED',
  ],
]

type Mutation = (text: string) => string

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const anywhere = (text: string, where: number) => Math.floor(where * text.length)
/** Before or behind a blank, a line end or a delimiter, where a change of a byte tells most. */
const joint = (text: string, where: number) => pick(text, where, /(?<=[\r\n:;, ])|(?=[\r\n:;, ])/g)
const lineStart = (text: string, where: number) => pick(text, where, /(?<=\n)/g)

function pick(text: string, where: number, places: RegExp): number {
  const all = [...text.matchAll(places)]
  return all[Math.floor(where * all.length)]?.index ?? 0
}

const replaced = (text: string, from: number, count: number, by: string) =>
  text.slice(0, from) + by + text.slice(from + count)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...PIECES), fc.nat(2)).map(([where, piece, over]): Mutation => {
    return (text) => replaced(text, joint(text, where), over, piece)
  }),
  fc.tuple(place, fc.constantFrom(...LINES)).map(([where, line]): Mutation => {
    return (text) => replaced(text, lineStart(text, where), 0, `${line}\r\n`)
  }),
  fc.constantFrom(...VALUES).map((value): Mutation => {
    return (text) => text.replace(/^(Content-Length|Transfer-Encoding):[^\r\n]*/m, `$1: ${value}`)
  }),
  fc.tuple(place, fc.nat(6)).map(([where, count]): Mutation => {
    return (text) => replaced(text, anywhere(text, where), count, '')
  }),
  fc.tuple(place, place, place).map(([a, b, where]): Mutation => {
    return (text) => {
      const slice = text.slice(anywhere(text, Math.min(a, b)), anywhere(text, Math.max(a, b)))
      return replaced(text, anywhere(text, where), 0, slice)
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
