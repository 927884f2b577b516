import type { Family } from './case.ts'
import { answered, malformed, type ResponseCase } from './response-case.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const REST = 'Content-Length: 3\r\n\r\nabc'
const abc = { body: 'abc' }

const status = (line: string) => `${line}\r\n${REST}`

const statusLines: readonly ResponseCase[] = [
  answered('no reason', status('HTTP/1.1 200'), abc),
  answered('an empty reason', status('HTTP/1.1 200 '), abc),
  answered('a reason of bytes above ASCII', status('HTTP/1.1 200 d\xe9j\xe0'), abc),
  answered('a status that nobody knows', status('HTTP/1.1 799 Who'), { ...abc, status: 799 }),
  ...[
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 000 OK',
    'HTTP/1.1 +20 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 OK',
    'HTTP/1.1',
    'HTTP/1.2 200 OK',
    'HTTP/1.10 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/2 200 OK',
    'HTTP/0.9 200 OK',
    'http/1.1 200 OK',
    'HTTP/1,1 200 OK',
    'ICY 200 OK',
    'GET / HTTP/1.1',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\x0bK',
    'HTTP/1.1 200 O\x1bK',
  ].map((line) => malformed(`the status line ${JSON.stringify(line)}`, status(line))),
  malformed('a bare CR in the reason', status('HTTP/1.1 200 OK\rX: y')),
  malformed('a bare LF in the reason', status('HTTP/1.1 200 OK\nX: y')),
  malformed('an empty line before the status line', `\r\n${OK}${REST}`),
  malformed('no HTTP at all', 'hello\r\n\r\n'),
  malformed('a body alone', 'abc'),
  malformed('a fold behind the status line', `${OK} X: y\r\n${REST}`),
]

const line = (name: string, field: string) => malformed(name, `${OK}${field}\r\n${REST}`)

const headers: readonly ResponseCase[] = [
  answered('case, order and repetition', `${OK}Set-Cookie: a\r\nX-b: 1\r\nset-cookie: b\r\n${REST}`, {
    ...abc,
    has: ['Set-Cookie: a', 'X-b: 1', 'set-cookie: b'],
  }),
  answered('an empty value', `${OK}X:\r\n${REST}`, { ...abc, has: ['X: '] }),
  answered('UTF-8 text that ends in à', `${OK}X: voil\xc3\xa0\r\n${REST}`, {
    ...abc,
    has: ['X: voil\xc3\xa0'],
  }),
  answered(
    'line ends in percent and in Unicode',
    `${OK}Location: /%0d%0aX:%20y\r\nX: a\xe5\x98\x8d\xe5\x98\x8ab\x85c\r\n${REST}`,
    {
      ...abc,
      has: ['Location: /%0d%0aX:%20y', 'X: a\xe5\x98\x8d\xe5\x98\x8ab\x85c'],
    },
  ),
  ...[
    'X y: z',
    'X : y',
    'X\t: y',
    ': y',
    'Xyz',
    'X\0: y',
    'X\xe9: y',
    'X(y): z',
    '{X}: y',
    'HTTP/1.1 200 OK',
  ].map((field) => line(`the line ${JSON.stringify(field)}`, field)),
  ...['a\0b', 'a\x01b', 'a\x0bb', 'a\x1bb', 'a\x7fb'].map((value) =>
    line(`the value ${JSON.stringify(value)}`, `X: ${value}`),
  ),
  line('a folded line', 'X: a\r\n b'),
  line('a line folded with a tab', 'X: a\r\n\tb'),
  line('a bare LF that begins another header', 'X: a\nSet-Cookie: evil=1'),
  line('a bare CR that begins another header', 'X: a\rSet-Cookie: evil=1'),
  line('a bare CR that begins another response', 'X: a\r\rHTTP/1.1 200 OK\r\rpoison'),
  line(
    'a bare LF that begins another response',
    'Location: /a\n\nHTTP/1.1 200 OK\nContent-Length: 6\n\npoison',
  ),
  line('CR CR LF', 'X: a\r'),
  {
    ...malformed('bare LF everywhere', 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabc', { ends: true }),
    client: { kind: 'refused', code: 'upstream-reset' },
  },
  malformed('a head of 20 000 bytes', `${OK}X: ${'a'.repeat(20_000)}\r\n${REST}`),
  malformed('a head of 5 000 lines', `${OK}${'a: b\r\n'.repeat(5_000)}${REST}`),
  malformed('a head without an end', `${OK}X: ${'a'.repeat(20_000)}`),
]

const connection: readonly ResponseCase[] = [
  answered(
    'headers of one connection',
    `${OK}Keep-Alive: timeout=9\r\nProxy-Connection: close\r\nUpgrade: h2c\r\n${REST}`,
    {
      ...abc,
      lacks: ['upgrade', 'proxy-connection'],
    },
  ),
  answered('a header that Connection names', `${OK}Connection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n${REST}`, {
    ...abc,
    has: ['X-End: 2'],
    lacks: ['x-hop'],
  }),
  answered(
    'Connection that names the length',
    `${OK}Connection: content-length, content-type\r\nContent-Type: a/b\r\n${REST}`,
    {
      ...abc,
      has: ['Content-Length: 3', 'Content-Type: a/b'],
    },
  ),
]

const interim = (status: number, headers = '') => `HTTP/1.1 ${status} X\r\n${headers}\r\n`

const interimOnes: readonly ResponseCase[] = [
  answered('103 before the response', `${interim(103, 'Link: </a>\r\n')}${OK}${REST}`, {
    ...abc,
    interim: [103],
  }),
  answered('103 with a length', `${interim(103, 'Content-Length: 5\r\nLink: </a>\r\n')}${OK}${REST}`, {
    ...abc,
    interim: [103],
  }),
  answered('103 with chunked', `${interim(103, 'Transfer-Encoding: chunked\r\n')}${OK}${REST}`, {
    ...abc,
    interim: [103],
  }),
  answered('103 that ends the connection', `${interim(103, 'Connection: close\r\n')}${OK}${REST}`, {
    ...abc,
    interim: [103],
  }),
  answered('100 that nobody waits for', `${interim(100)}${OK}${REST}`, abc),
  answered('32 interim responses', `${interim(100).repeat(32)}${OK}${REST}`, abc),
  malformed('33 interim responses', `${interim(100).repeat(33)}${OK}${REST}`),
  malformed('5 000 interim responses', `${interim(100).repeat(5_000)}`),
  malformed('an interim response that is malformed', `${interim(100, 'X y: z\r\n')}${OK}${REST}`),
  malformed(
    'an interim response with both framings',
    `${interim(103, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}${OK}${REST}`,
  ),
  malformed(
    '101 that nobody asked for',
    `${interim(101, 'Connection: upgrade\r\nUpgrade: websocket\r\n')}poison`,
  ),
]

const asks = 'Connection: upgrade\r\nUpgrade: websocket\r\n'

const upgrades: readonly ResponseCase[] = [
  answered('a response to an upgrade', `${OK}${REST}`, abc, { asks, closes: true }),
  answered('chunks to an upgrade', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, abc, {
    asks,
    closes: true,
  }),
  answered('a response to an upgrade and another behind it', `${OK}${REST}${OK}${REST}`, abc, {
    asks,
    closes: true,
    isKept: false,
    hasMore: true,
  }),
  malformed('a malformed response to an upgrade', `${OK}X y: z\r\n${REST}`, { asks, closes: true }),
  malformed('101 to Upgrade: h2c', `${interim(101, 'Connection: upgrade\r\nUpgrade: h2c\r\n')}poison`, {
    asks: 'Connection: upgrade\r\nUpgrade: h2c\r\n',
    closes: true,
  }),
]

export const responseHeads: readonly Family<ResponseCase>[] = [
  { title: 'Status lines', cases: statusLines },
  { title: 'Header lines of a response', cases: headers },
  { title: 'Connection headers of a response', cases: connection },
  { title: 'Interim responses', cases: interimOnes },
  { title: 'Responses to an upgrade', cases: upgrades },
]
