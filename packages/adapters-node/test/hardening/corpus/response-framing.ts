import type { Family } from './case.ts'
import { answered, brokenOff, malformed, type ResponseCase } from './response-case.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = '3\r\nabc\r\n0\r\n\r\n'
const POISON = 'HTTP/1.1 200 OK\r\nX-Poison: 1\r\nContent-Length: 6\r\n\r\npoison'

const length = (value: string, body = 'abc') => `${OK}Content-Length:${value}\r\n\r\n${body}`
const coding = (value: string, body = CHUNKED) => `${OK}Transfer-Encoding:${value}\r\n\r\n${body}`
const abc = { body: 'abc' }

const lengths: readonly ResponseCase[] = [
  answered('one Content-Length', length(' 3'), { ...abc, has: ['Content-Length: 3'] }),
  answered('Content-Length between tabs', length('\t3\t'), abc),
  answered('Content-Length: 0', length(' 0', ''), {}),
  ...[
    '+3',
    '-3',
    '3.0',
    '0x3',
    '3 3',
    '3,3',
    '3, 3',
    '"3"',
    '3;',
    '03',
    '00',
    '3e0',
    '1e3',
    '',
    '3\xa0',
    '\xa03',
    '3\x0b',
    '3\0',
    'three',
  ].map((value) => malformed(`Content-Length: ${JSON.stringify(value)}`, length(` ${value}`))),
  malformed('Content-Length above 2^53', length(' 9007199254740993')),
  malformed('Content-Length above 2^64', length(' 18446744073709551619')),
  malformed('Content-Length twice', `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`),
  malformed('Content-Length twice, the same', `${OK}Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc`),
  malformed('Content-Length, folded', `${OK}Content-Length:\r\n 3\r\n\r\nabc`),
  malformed('Content-Length with a blank before the colon', `${OK}Content-Length : 3\r\n\r\nabc`),
  malformed(
    'two lengths on a 204',
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\n',
  ),
  malformed('two lengths on the answer to a HEAD', `${OK}Content-Length: 0\r\nContent-Length: 3\r\n\r\n`, {
    method: 'HEAD',
  }),
  brokenOff('a body shorter than its length', length(' 5'), { ends: true }),
  answered(
    'Content_Length beside Content-Length',
    `${OK}Content_Length: 5\r\nContent-Length: 3\r\n\r\nabc`,
    abc,
  ),
]

const codings: readonly ResponseCase[] = [
  answered('chunked', coding(' chunked'), abc),
  answered('CHUNKED', coding(' CHUNKED'), abc),
  answered('chunked behind a tab', coding('\tchunked\t'), abc),
  ...[
    'chunked, identity',
    'identity, chunked',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'identity',
    'gzip',
    'xchunked',
    'chunkedx',
    'x chunked',
    'chunked;q=1',
    '"chunked"',
    ',chunked',
    'chunked,',
    '',
    '\x0bchunked',
    '\x0cchunked',
    '\xa0chunked',
    'chunked\xa0',
    'chunked\0',
  ].map((value) => malformed(`Transfer-Encoding: ${JSON.stringify(value)}`, coding(` ${value}`))),
  malformed('chunked twice', coding(' chunked\r\nTransfer-Encoding: chunked')),
  malformed('identity, and chunked on a line of its own', coding(' identity\r\nTransfer-Encoding: chunked')),
  malformed('chunked, folded', coding('\r\n chunked')),
  malformed(
    'Transfer-Encoding with a blank before the colon',
    `${OK}Transfer-Encoding : chunked\r\n\r\n${CHUNKED}`,
  ),
  malformed('chunked in HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`, {
    ends: true,
  }),
  malformed(
    'Content-Length and chunked',
    `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
  ),
  malformed(
    'chunked and Content-Length',
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n${CHUNKED}`,
  ),
  malformed(
    'Content-Length: 0 and chunked',
    `${OK}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
  ),
  malformed(
    'both on a 304',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
  ),
]

/** No framing: the body ends with the connection. */
const untilClose: readonly ResponseCase[] = [
  answered('a body until the end', `${OK}\r\nabc`, abc, { ends: true, isKept: false }),
  answered('a body until the end, kept alive in vain', `${OK}Connection: keep-alive\r\n\r\nabc`, abc, {
    ends: true,
    isKept: false,
  }),
  answered(
    'a response within a body until the end',
    `${OK}\r\n${POISON}`,
    { body: POISON, lacks: ['x-poison'] },
    { ends: true, isKept: false },
  ),
  answered('HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nabc', abc, { ends: true, isKept: false }),
  answered('HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', abc, {
    isKept: false,
  }),
  answered(
    'HTTP/1.0 kept alive',
    'HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc',
    abc,
  ),
  answered('Connection: close', `${OK}Content-Length: 3\r\nConnection: close\r\n\r\nabc`, abc, {
    isKept: false,
  }),
]

/** Responses whose head says no body, and bytes that follow nevertheless. */
const bodiless: readonly ResponseCase[] = [
  answered('204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204 }),
  answered('204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n', {
    status: 204,
    lacks: ['content-length'],
  }),
  answered(
    '204 with a length and a body',
    'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc',
    { status: 204, lacks: ['content-length'] },
    { isKept: false, hasMore: true },
  ),
  answered(
    '204 with chunks',
    `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    { status: 204, lacks: ['transfer-encoding'] },
    { isKept: false, hasMore: true },
  ),
  answered(
    '204 and another response',
    `HTTP/1.1 204 No Content\r\n\r\n${POISON}`,
    { status: 204 },
    { isKept: false, hasMore: true },
  ),
  answered('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', {
    status: 304,
    has: ['Content-Length: 3'],
  }),
  answered(
    '304 with a length and a body',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc',
    { status: 304 },
    { isKept: false, hasMore: true },
  ),
  answered(
    '304 and another response',
    `HTTP/1.1 304 Not Modified\r\n\r\n${POISON}`,
    { status: 304 },
    { isKept: false, hasMore: true },
  ),
  answered(
    'HEAD with a length',
    `${OK}Content-Length: 3\r\n\r\n`,
    { has: ['Content-Length: 3'] },
    { method: 'HEAD' },
  ),
  answered('HEAD with chunked', `${OK}Transfer-Encoding: chunked\r\n\r\n`, {}, { method: 'HEAD' }),
  answered(
    'HEAD with a length and a body',
    `${OK}Content-Length: 3\r\n\r\nabc`,
    {},
    { method: 'HEAD', isKept: false, hasMore: true },
  ),
  answered(
    'HEAD with chunks',
    `${OK}Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    {},
    { method: 'HEAD', isKept: false, hasMore: true },
  ),
  answered(
    'HEAD and another response',
    `${OK}\r\n${POISON}`,
    {},
    { method: 'HEAD', isKept: false, hasMore: true },
  ),
]

/** What stands behind a response would be the answer to the next request. */
const behind: readonly ResponseCase[] = [
  answered('a response behind a sized one', length(' 3') + POISON, abc, { isKept: false, hasMore: true }),
  answered('a response behind a chunked one', coding(' chunked') + POISON, abc, {
    isKept: false,
    hasMore: true,
  }),
  answered('a response behind an empty one', length(' 0', '') + POISON, {}, { isKept: false, hasMore: true }),
  answered('one byte behind a response', length(' 3', 'abcd'), abc, { isKept: false, hasMore: true }),
  answered('an empty line behind a response', length(' 3', 'abc\r\n'), abc, { isKept: false, hasMore: true }),
  answered('the head of a response behind a response', length(' 3', 'abcHTTP/1.1 200 OK\r\n'), abc, {
    isKept: false,
    hasMore: true,
  }),
  answered('an interim response behind a response', length(' 3', 'abcHTTP/1.1 100 Continue\r\n\r\n'), abc, {
    isKept: false,
    hasMore: true,
  }),
  answered('a response as the body of a response', length(` ${POISON.length}`, POISON), {
    body: POISON,
    lacks: ['x-poison'],
  }),
]

export const responseFraming: readonly Family<ResponseCase>[] = [
  { title: 'Content-Length of a response', cases: lengths },
  { title: 'Transfer-Encoding of a response', cases: codings },
  { title: 'Responses until the end of the connection', cases: untilClose },
  { title: 'Responses without a body', cases: bodiless },
  { title: 'Bytes behind a response', cases: behind },
]
