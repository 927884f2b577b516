import { cut, type Family, forwarded, type RequestCase } from './case.ts'

const HEAD = 'POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n'
const POD = { line: 'POST /a HTTP/1.1', body: 'abc', has: ['Transfer-Encoding: chunked'] }
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n'

const whole = (name: string, body: string, more = {}) =>
  forwarded(name, `${HEAD}\r\n${body}`, { ...POD, ...more })
const broken = (name: string, body: string, status = 400) => cut(name, `${HEAD}\r\n${body}`, status)

const sizes: readonly RequestCase[] = [
  whole('several chunks', '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n'),
  whole('a size with zeros in front', '0003\r\nabc\r\n000\r\n\r\n'),
  whole('a size in upper case', `A\r\n0123456789\r\n0\r\n\r\n`, { body: '0123456789' }),
  whole('no chunk at all', '0\r\n\r\n', { body: '' }),
  ...[
    '+3',
    '-3',
    '0x3',
    ' 3',
    '3 ',
    '3\t',
    '\t3',
    '3_',
    '0_3',
    '3.',
    'g',
    '',
    '3\0',
    '\x0b3',
    '3,3',
    '10000000000000003',
  ].map((size) => broken(`the size ${JSON.stringify(size)}`, `${size}\r\nabc\r\n0\r\n\r\n${SMUGGLED}`)),
  broken('a size line that ends with a bare LF', `3\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a size line that ends with a bare CR', `3\rabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a size line that ends with CR CR LF', `3\r\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a chunk that ends with a bare LF', `3\r\nabc\n0\r\n\r\n${SMUGGLED}`),
  broken('a chunk that ends with a bare CR', `3\r\nabc\r0\r\n\r\n${SMUGGLED}`),
  broken('a chunk without an end of its line', `3\r\nabc0\r\n\r\n${SMUGGLED}`),
  broken('a chunk longer than its size', `3\r\nabcd\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a chunk shorter than its size', `5\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('two line ends behind a chunk', `3\r\nabc\r\n\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a last chunk that ends with a bare LF', `3\r\nabc\r\n0\n\r\n${SMUGGLED}`),
  broken('a message that ends with a bare LF', `3\r\nabc\r\n0\r\n\n${SMUGGLED}`),
  broken('a message that ends with a bare CR', `3\r\nabc\r\n0\r\n\rX${SMUGGLED}`),
  {
    ...broken('the size ffffffffffffffff, and the end', `ffffffffffffffff\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
    ends: true,
  },
  { ...broken('no last chunk, and the end', '3\r\nabc\r\n'), ends: true },
]

const extensions: readonly RequestCase[] = [
  whole('an extension', '3;a=b\r\nabc\r\n0;c\r\n\r\n'),
  whole('an extension without a value', '3;a\r\nabc\r\n0\r\n\r\n'),
  whole('a quoted extension', '3;a="b;c\\"d"\r\nabc\r\n0\r\n\r\n'),
  broken('an empty extension', `3;\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a bare LF in an extension', `3;a\nb\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a bare CR in an extension', `3;a\rb\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a bare LF in a quoted extension', `3;a="\nb"\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a NUL in an extension', `3;a\0\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a blank before an extension', `3 ;a\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('a quote that does not end', `3;a="b\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  broken('20 000 bytes of extension', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`, 413),
]

const trailer = (name: string, fields: string, lacks: readonly string[] = []) =>
  whole(name, `3\r\nabc\r\n0\r\n${fields}\r\n`, { lacks })

const trailers: readonly RequestCase[] = [
  trailer('a trailer', 'X-Sum: 1\r\n'),
  trailer('a trailer that names the host', 'Host: evil\r\n'),
  trailer('a trailer that names who is allowed', 'Authorization: Basic eA==\r\nCookie: a=b\r\n', [
    'authorization',
    'cookie',
  ]),
  trailer('a trailer that says who asks', 'X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_Host: evil\r\n'),
  {
    name: 'a trailer that ends the connection, and a request behind it',
    bytes: `${HEAD}\r\n3\r\nabc\r\n0\r\nConnection: close\r\n\r\n${SMUGGLED}`,
    answers: [400],
    pod: [POD],
  },
  trailer('a trailer that asks for an upgrade', 'Connection: upgrade\r\nUpgrade: websocket\r\n', ['upgrade']),
  broken('Content-Length as a trailer', `3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n${SMUGGLED}`),
  broken('Transfer-Encoding as a trailer', `3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n${SMUGGLED}`),
  broken('a trailer whose name has a blank', `3\r\nabc\r\n0\r\nX y: z\r\n\r\n${SMUGGLED}`),
  broken('a folded trailer', `3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n${SMUGGLED}`),
  broken('a trailer that ends with a bare LF', `3\r\nabc\r\n0\r\nX: y\nZ: w\r\n\r\n${SMUGGLED}`),
  broken('a trailer without a colon', `3\r\nabc\r\n0\r\n${SMUGGLED}`),
  broken('a NUL in a trailer', `3\r\nabc\r\n0\r\nX: \0\r\n\r\n${SMUGGLED}`),
]

export const chunked: readonly Family<RequestCase>[] = [
  { title: 'Sizes of chunks', cases: sizes },
  { title: 'Extensions of chunks', cases: extensions },
  { title: 'Trailers', cases: trailers },
]
