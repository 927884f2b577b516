import { cut, type Family, forwarded, type RequestCase, refused, refusedByNode } from './case.ts'

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n'
const CHUNKED = '3\r\nabc\r\n0\r\n\r\n'

function post(headers: string, body: string, line = 'POST /a HTTP/1.1'): string {
  return `${line}\r\nHost: shop\r\n${headers}\r\n${body}`
}

const length = (value: string, body = 'abc') => post(`Content-Length:${value}\r\n`, body)
const coding = (value: string, body = CHUNKED) => post(`Transfer-Encoding:${value}\r\n`, body)

const sized = {
  line: 'POST /a HTTP/1.1',
  body: 'abc',
  has: ['Content-Length: 3'],
  lacks: ['transfer-encoding'],
}
const chunked = {
  line: 'POST /a HTTP/1.1',
  body: 'abc',
  has: ['Transfer-Encoding: chunked'],
  lacks: ['content-length'],
}

const lengths: readonly RequestCase[] = [
  forwarded('one Content-Length', length(' 3'), sized),
  forwarded('Content-Length between blanks and tabs', length('\t 3 \t'), sized),
  forwarded('Content-Length: 0', length(' 0', ''), { line: 'POST /a HTTP/1.1', has: ['Content-Length: 0'] }),
  forwarded('a request in the sized body', length(` ${SMUGGLED.length}`, SMUGGLED), {
    line: 'POST /a HTTP/1.1',
    body: SMUGGLED,
  }),
  forwarded('a sized body of a GET', post('Content-Length: 3\r\n', 'abc', 'GET /a HTTP/1.1'), {
    line: 'GET /a HTTP/1.1',
    body: 'abc',
  }),
  forwarded(
    'a request behind a GET with a length of 0',
    post('Content-Length: 0\r\n', '', 'GET /a HTTP/1.1'),
    {
      line: 'GET /a HTTP/1.1',
    },
  ),
  ...[
    '+3',
    '-3',
    '3.0',
    '3e0',
    '0x3',
    '3 3',
    '3,3',
    '3, 3',
    '3;3',
    '"3"',
    '3\x0b',
    '\x0b3',
    '\x0c3',
    '3\0',
    '\xb3',
  ].map((value) => refusedByNode(`Content-Length: ${JSON.stringify(value)}`, length(` ${value}`))),
  refusedByNode('an empty Content-Length', length('')),
  refusedByNode('Content-Length with a blank before the colon', post('Content-Length : 3\r\n', 'abc')),
  refusedByNode('Content-Length, folded', length('\r\n 3')),
  refusedByNode('Content-Length twice, the same', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc')),
  refusedByNode(
    'Content-Length twice, 0 first',
    post('Content-Length: 0\r\nContent-Length: 38\r\n', SMUGGLED),
  ),
  refusedByNode(
    'Content-Length twice, 0 last',
    post('Content-Length: 38\r\ncontent-length: 0\r\n', SMUGGLED),
  ),
  refusedByNode('Content-Length above 2^64', length(' 18446744073709551619')),
  refused('Content-Length of 2^64 - 1', length(' 18446744073709551615')),
  refused('Content-Length above 2^53', length(' 9007199254740993')),
  refused('Content-Length with zeros in front', length(' 003')),
  refused('Content-Length: 00', length(' 00', '')),
  refused('Content-Length: 010, octal to some', length(' 010', '0123456789')),
  {
    name: 'Content_Length beside Content-Length',
    bytes: post('Content_Length: 41\r\nContent-Length: 3\r\n', 'abc'),
    answers: [200],
    pod: [{ ...sized, lacks: ['content_length', 'transfer-encoding'] }],
  },
  { ...cut('a body shorter than its length, and the end', length(' 5')), ends: true },
]

const codings: readonly RequestCase[] = [
  forwarded('chunked', coding(' chunked'), chunked),
  forwarded('CHUNKED', coding(' CHUNKED'), chunked),
  forwarded('chunked behind a tab', coding('\tchunked'), chunked),
  forwarded('chunked without a blank', coding('chunked'), chunked),
  forwarded('a request in a chunk', coding(' chunked', `26\r\n${SMUGGLED}\r\n0\r\n\r\n`), {
    line: 'POST /a HTTP/1.1',
    body: SMUGGLED,
  }),
  refused('gzip, chunked', coding(' gzip, chunked')),
  refused('identity, chunked', coding(' identity, chunked')),
  refused('a comma before chunked', coding(' ,chunked')),
  refused('identity, and chunked on a line of its own', coding(' identity\r\nTransfer-Encoding: chunked')),
  refused('identity', coding(' identity')),
  refused('gzip', coding(' gzip')),
  refused('xchunked', coding(' xchunked')),
  refused('chunkedx', coding(' chunkedx')),
  refused('chunked;q=1', coding(' chunked;q=1')),
  refused('"chunked"', coding(' "chunked"')),
  refused("'chunked'", coding(" 'chunked'")),
  refused('x chunked', coding(' x chunked')),
  refused('chunked in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', CHUNKED, 'POST /a HTTP/1.0')),
  refused(
    'chunked in HTTP/1.0, kept alive',
    post(
      'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n',
      `0\r\n\r\n${SMUGGLED}`,
      'POST /a HTTP/1.0',
    ),
  ),
  cut('chunked, and a tab behind it', coding(' chunked\t')),
  ...[
    'chunked, identity',
    'chunked, gzip',
    'chunked, chunked',
    'chunked,',
    '\x0bchunked',
    'chunked\x0b',
    '\0chunked',
    'chunked\0',
  ].map((value) => refusedByNode(JSON.stringify(value), coding(` ${value}`))),
  refusedByNode('an empty Transfer-Encoding', coding('')),
  refusedByNode('chunked, folded', coding('\r\n chunked')),
  refusedByNode('chunked, and identity in the fold', coding(' chunked\r\n , identity')),
  refusedByNode('chunked twice', coding(' chunked\r\nTransfer-Encoding: chunked')),
  refusedByNode(
    'chunked, and identity on a line of its own',
    coding(' chunked\r\nTransfer-Encoding: identity'),
  ),
  refusedByNode(
    'Transfer-Encoding with a blank before the colon',
    post('Transfer-Encoding : chunked\r\n', CHUNKED),
  ),
  refusedByNode(
    'Transfer-Encoding with a tab before the colon',
    post('Transfer-Encoding\t: chunked\r\n', CHUNKED),
  ),
  refusedByNode('a blank before Transfer-Encoding', post(' Transfer-Encoding: chunked\r\n', CHUNKED)),
  refusedByNode('Transfer-Encoding behind a bare LF', post('X: y\nTransfer-Encoding: chunked\r\n', CHUNKED)),
  refusedByNode('Transfer-Encoding behind a bare CR', post('X: y\rTransfer-Encoding: chunked\r\n', CHUNKED)),
  {
    name: 'Transfer_Encoding beside Content-Length',
    bytes: post('Transfer_Encoding: chunked\r\nContent-Length: 3\r\n', 'abc'),
    answers: [200],
    pod: [{ ...sized, lacks: ['transfer_encoding', 'transfer-encoding'] }],
  },
  {
    name: 'Transfer-Encoding named by Connection',
    bytes: post('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', CHUNKED),
    answers: [200],
    pod: [chunked],
  },
]

/** Both framings: the length ends one request before the chunks do, or behind them. */
const clTe = (headers: string, body: string) =>
  refusedByNode(headers.replaceAll('\r\n', ' | ').slice(0, -3), post(headers, body))

const both: readonly RequestCase[] = [
  clTe('Content-Length: 43\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  clTe('Transfer-Encoding: chunked\r\nContent-Length: 43\r\n', `0\r\n\r\n${SMUGGLED}`),
  clTe('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `26\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  clTe('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `26\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  clTe('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', CHUNKED),
  clTe('Content-Length: 6\r\ntransfer-encoding: CHUNKED\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding: xchunked\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding: chunked, identity\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding:\tchunked\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 6\r\nTransfer-Encoding:chunked\r\n', '0\r\n\r\nG'),
  clTe('Content-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n', CHUNKED),
]

export const requestFraming: readonly Family<RequestCase>[] = [
  { title: 'Content-Length', cases: lengths },
  { title: 'Transfer-Encoding', cases: codings },
  { title: 'Content-Length and Transfer-Encoding', cases: both },
]
