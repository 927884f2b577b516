import type { Family } from './case.ts'
import { answered, brokenOff, type ResponseCase } from './response-case.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'
const abc = { body: 'abc' }

const whole = (name: string, body: string, view = {}) =>
  answered(name, `${HEAD}\r\n${body}`, { ...abc, ...view })
const broken = (name: string, body: string) => brokenOff(name, `${HEAD}\r\n${body}`)

const chunks: readonly ResponseCase[] = [
  whole('several chunks', '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n'),
  whole('sizes with zeros in front', '003\r\nabc\r\n000\r\n\r\n'),
  whole('blanks behind a size', '3  \r\nabc\r\n0\t\r\n\r\n'),
  whole('extensions', '3;a=b;c\r\nabc\r\n0;d="e;f"\r\n\r\n'),
  ...[
    '+3',
    '-3',
    '0x3',
    ' 3',
    '\t3',
    '3_',
    '3,3',
    '3.0',
    'g',
    '',
    '3\0',
    '\x0b3',
    '10000000000000003',
    'ffffffffffffffff',
    '3 3',
  ].map((size) => broken(`the size ${JSON.stringify(size)}`, `${size}\r\nabc\r\n0\r\n\r\n`)),
  broken('a size line that ends with a bare LF', '3\nabc\r\n0\r\n\r\n'),
  broken('a size line that ends with a bare CR', '3\rabc\r\n0\r\n\r\n'),
  broken('a chunk that ends with a bare LF', '3\r\nabc\n0\r\n\r\n'),
  broken('a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'),
  broken('a chunk shorter than its size', '5\r\nabc\r\n0\r\n\r\n'),
  broken('a message that ends with a bare LF', '3\r\nabc\r\n0\r\n\n'),
  broken('a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'),
  broken('a bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'),
  broken('a NUL in an extension', '3;a\0\r\nabc\r\n0\r\n\r\n'),
  broken('5 000 bytes of extension', `3;${'a'.repeat(5_000)}\r\nabc\r\n0\r\n\r\n`),
  brokenOff('no last chunk, and the end', `${HEAD}\r\n3\r\nabc\r\n`, { ends: true }),
  brokenOff('a chunk that breaks off', `${HEAD}\r\n5\r\nabc`, { ends: true }),
]

const trailer = (name: string, fields: string, trailers: readonly string[] = []) =>
  whole(name, `3\r\nabc\r\n0\r\n${fields}\r\n`, { trailers })

const trailers: readonly ResponseCase[] = [
  trailer('a trailer', 'X-Sum: 1\r\n', ['X-Sum: 1']),
  trailer('a trailer of UTF-8 text', 'X-Sum: \xc3\xa0\r\n', ['X-Sum: \xc3\xa0']),
  trailer('Content-Length as a trailer', 'Content-Length: 5\r\nX-Sum: 1\r\n', ['X-Sum: 1']),
  trailer('Transfer-Encoding as a trailer', 'Transfer-Encoding: identity\r\n'),
  trailer('Content_Length as a trailer', 'Content_Length: 5\r\n'),
  trailer('Set-Cookie as a trailer', 'Set-Cookie: a=b\r\nWWW-Authenticate: Basic\r\n'),
  trailer('Connection as a trailer', 'Connection: close\r\nUpgrade: h2c\r\n'),
  trailer('Location as a trailer', 'Location: http://evil/\r\nContent-Type: text/html\r\n'),
  broken('a trailer whose name has a blank', '3\r\nabc\r\n0\r\nX y: z\r\n\r\n'),
  broken('a trailer with a blank before the colon', '3\r\nabc\r\n0\r\nX : z\r\n\r\n'),
  broken('a folded trailer', '3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n'),
  broken('a trailer without a colon', '3\r\nabc\r\n0\r\nXyz\r\n\r\n'),
  broken('a trailer that ends with a bare LF', '3\r\nabc\r\n0\r\nX: y\nZ: w\r\n\r\n'),
  broken('a bare CR in a trailer', '3\r\nabc\r\n0\r\nX: y\rZ: w\r\n\r\n'),
  broken('a NUL in a trailer', '3\r\nabc\r\n0\r\nX: \0\r\n\r\n'),
  broken('20 000 bytes of trailers', `3\r\nabc\r\n0\r\n${`X: ${'a'.repeat(100)}\r\n`.repeat(200)}\r\n`),
  broken('a response as a trailer', '3\r\nabc\r\n0\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
]

export const responseChunked: readonly Family<ResponseCase>[] = [
  { title: 'Chunks of a response', cases: chunks },
  { title: 'Trailers of a response', cases: trailers },
]
