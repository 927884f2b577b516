import { type Family, forwarded, type RequestCase, refused, refusedByNode } from './case.ts'

const get = (headers: string, line = 'GET /a HTTP/1.1') => `${line}\r\nHost: shop\r\n${headers}\r\n`
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n'
const GET = 'GET /a HTTP/1.1'

const lines: readonly RequestCase[] = [
  forwarded('names of every character of a token', get("!#$%&'*+-.^_`|~09azAZ: y\r\n"), {
    line: GET,
    has: ["!#$%&'*+-.^_`|~09azAZ: y"],
  }),
  forwarded('tabs and bytes above ASCII in a value', get('X: \ta\tb \xe9\x80\xff\t\r\n'), {
    line: GET,
    has: ['X: a\tb \xe9\x80\xff'],
  }),
  forwarded('an empty value', get('X:\r\nY: \r\n'), { line: GET, has: ['X: ', 'Y: '] }),
  forwarded('colons in a value', get('X::y:z\r\n'), { line: GET, has: ['X: :y:z'] }),
  forwarded('a header twice', get('X: 1\r\nx: 2\r\n'), { line: GET, has: ['X: 1', 'x: 2'] }),
  ...[
    'X y: z',
    'X\ty: z',
    'X : y',
    'X\t: y',
    ': y',
    'Xyz',
    'X\0: y',
    'X\x7f: y',
    'X\xe9: y',
    'X"y": z',
    'X(y): z',
    'X,y: z',
    'X/y: z',
    'X@y: z',
    '[X]: z',
    '{X}: z',
  ].map((line) => refusedByNode(`the line ${JSON.stringify(line)}`, get(`${line}\r\n`))),
  ...['a\0b', 'a\x01b', 'a\x08b', 'a\x0bb', 'a\x0cb', 'a\x1bb', 'a\x1fb'].map((value) =>
    refusedByNode(`the value ${JSON.stringify(value)}`, get(`X: ${value}\r\n`)),
  ),
  refusedByNode('DEL in a value', get('X: a\x7fb\r\n')),
  refusedByNode('a folded line', get('X: a\r\n b\r\n')),
  refusedByNode('a line folded with a tab', get('X: a\r\n\tb\r\n')),
  refusedByNode('a folded empty line', get('X: a\r\n \r\n')),
  refusedByNode('a first line that is folded', ` X: y\r\nHost: shop\r\n\r\n`),
  refusedByNode('a fold behind the request line', `GET /a HTTP/1.1\r\n X: y\r\nHost: shop\r\n\r\n`),
  refusedByNode('20 000 bytes of header', get(`X: ${'a'.repeat(20_000)}\r\n`), 431),
]

const lineEnds: readonly RequestCase[] = [
  forwarded('empty lines before the request line', `\r\n\r\n${get('')}`, { line: GET }),
  refusedByNode('bare LF everywhere', 'GET /a HTTP/1.1\nHost: shop\n\n'),
  refusedByNode('bare LF behind the request line', 'GET /a HTTP/1.1\nHost: shop\r\n\r\n'),
  refusedByNode('bare LF behind a header', `${get('X: y\nZ: w\r\n')}`),
  refusedByNode('bare LF as the end of the head', `GET /a HTTP/1.1\r\nHost: shop\r\n\n${SMUGGLED}`),
  refusedByNode('bare LF twice as the end of the head', `GET /a HTTP/1.1\r\nHost: shop\n\n${SMUGGLED}`),
  refusedByNode('bare CR everywhere', 'GET /a HTTP/1.1\rHost: shop\r\r'),
  refusedByNode('bare CR in a value', get('X: y\rZ: w\r\n')),
  refusedByNode(
    'bare CR twice in a value, and a request',
    get(`X: y\r\r${SMUGGLED.replaceAll('\r\n', '\r')}Z: w\r\n`),
  ),
  refusedByNode('CR CR LF', get('X: y\r\r\n')),
  refusedByNode('LF CR', 'GET /a HTTP/1.1\n\rHost: shop\n\r\n\r'),
  refusedByNode('NUL before CRLF', get('X: y\0\r\n')),
  refusedByNode('vertical tab for a line end', get('X: y\x0bZ: w\r\n')),
  {
    name: 'line ends in percent and in Unicode',
    bytes: get('X: a%0d%0ab\r\nY: a\xe5\x98\x8d\xe5\x98\x8ab\r\nZ: a\x85b\r\n'),
    answers: [200],
    pod: [{ line: GET, has: ['X: a%0d%0ab', 'Y: a\xe5\x98\x8d\xe5\x98\x8ab', 'Z: a\x85b'] }],
  },
]

const requestLine = (name: string, line: string) => refusedByNode(name, get('', line))

const requestLines: readonly RequestCase[] = [
  forwarded('two blanks before the target', get('', 'GET  /a HTTP/1.1'), { line: GET }),
  forwarded('two blanks behind the target', get('', 'GET /a  HTTP/1.1'), { line: GET }),
  { ...forwarded('HTTP/1.0', get('', 'GET /a HTTP/1.0'), { line: GET }), closes: true },
  forwarded('TRACE', get('', 'TRACE /a HTTP/1.1'), { line: 'TRACE /a HTTP/1.1' }),
  forwarded('a method of WebDAV', get('', 'PROPFIND /a HTTP/1.1'), { line: 'PROPFIND /a HTTP/1.1' }),
  forwarded('QUERY', get('', 'QUERY /a HTTP/1.1'), { line: 'QUERY /a HTTP/1.1' }),
  requestLine('a method in lower case', 'get /a HTTP/1.1'),
  requestLine('a method that nobody knows', 'SMUGGLE /a HTTP/1.1'),
  requestLine('no method', '/a HTTP/1.1'),
  requestLine('a blank before the method', ' GET /a HTTP/1.1'),
  requestLine('a tab behind the method', 'GET\t/a HTTP/1.1'),
  requestLine('a tab behind the target', 'GET /a\tHTTP/1.1'),
  requestLine('a blank behind the version', 'GET /a HTTP/1.1 '),
  requestLine('words behind the version', 'GET /a HTTP/1.1 HTTP/1.0'),
  requestLine('http in lower case', 'GET /a http/1.1'),
  requestLine('another protocol', 'GET /a ICY/1.1'),
  requestLine('HTTP/1.2', 'GET /a HTTP/1.2'),
  requestLine('HTTP/1.10', 'GET /a HTTP/1.10'),
  requestLine('HTTP/1', 'GET /a HTTP/1'),
  requestLine('HTTP/01.1', 'GET /a HTTP/01.1'),
  requestLine('HTTP/3.0', 'GET /a HTTP/3.0'),
  refused('HTTP/0.9 with headers', get('', 'GET /a HTTP/0.9')),
  refused('HTTP/2.0 in the form of HTTP/1', get('', 'GET /a HTTP/2.0')),
  refusedByNode('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refusedByNode('the first bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refusedByNode('a response', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
]

export const headerSyntax: readonly Family<RequestCase>[] = [
  { title: 'Header lines', cases: lines },
  { title: 'Line ends', cases: lineEnds },
  { title: 'Request lines', cases: requestLines },
]
