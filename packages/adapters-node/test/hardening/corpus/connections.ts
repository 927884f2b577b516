import { type Family, forwarded, type RequestCase, refused, refusedByNode } from './case.ts'

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: shop\r\n${headers}\r\n`
const GET = 'GET /a HTTP/1.1'

const pipelined: readonly RequestCase[] = [
  forwarded('two requests at once', get('/a') + get('/b'), { line: GET }, { line: 'GET /b HTTP/1.1' }),
  forwarded(
    'a request behind a sized body',
    `POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc${get('/b')}`,
    { line: 'POST /a HTTP/1.1', body: 'abc' },
    { line: 'GET /b HTTP/1.1' },
  ),
  forwarded(
    'a request behind a chunked body',
    `POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${get('/b')}`,
    { line: 'POST /a HTTP/1.1', body: 'abc' },
    { line: 'GET /b HTTP/1.1' },
  ),
  refused('a request behind one that is refused', get('/a#b') + get('/smuggled')),
  refused(
    'a request behind one with a doubtful length',
    `POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 00\r\n\r\n${get('/smuggled')}`,
  ),
  refusedByNode(
    'a request behind one with both framings',
    `POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get('/smuggled')}`,
  ),
  {
    name: 'a request behind Connection: close',
    bytes: get('/a', 'Connection: close\r\n') + get('/smuggled'),
    answers: [400],
    pod: [{ line: GET }],
  },
  {
    name: 'nonsense behind a request',
    bytes: `${get('/a')}nonsense\r\n\r\n`,
    answers: [400],
    pod: [{ line: GET }],
  },
]

const upgrade = (headers: string, behind = '') =>
  `${get('/a', `Connection: upgrade\r\nUpgrade: websocket\r\n${headers}`)}${behind}`

const upgrades: readonly RequestCase[] = [
  {
    name: 'an upgrade that the pod does not want',
    bytes: upgrade(''),
    answers: [200],
    pod: [{ line: GET, has: ['Upgrade: websocket', 'Connection: Upgrade'] }],
    closes: true,
  },
  {
    name: 'a request behind an upgrade that the pod does not want',
    bytes: upgrade('', get('/smuggled')),
    answers: [200],
    pod: [{ line: GET, has: ['Upgrade: websocket'] }],
    closes: true,
  },
  {
    name: 'Upgrade: h2c, by which the pod would hear whatever the client says',
    bytes: get(
      '/a',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    ),
    answers: [200],
    pod: [{ line: GET, lacks: ['upgrade', 'http2-settings'] }],
    closes: true,
  },
  {
    name: 'Upgrade: h2c beside another protocol',
    bytes: get('/a', 'Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n'),
    answers: [200],
    pod: [{ line: GET, has: ['Upgrade: websocket'] }],
    closes: true,
  },
  forwarded('Upgrade that Connection does not name', get('/a', 'Upgrade: websocket\r\n'), {
    line: GET,
    lacks: ['upgrade'],
  }),
  refused('an upgrade with a sized body', upgrade('Content-Length: 41\r\n', get('/smuggled'))),
  refused(
    'an upgrade with chunks',
    upgrade('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${get('/smuggled')}`),
  ),
  refused('an upgrade with two Hosts', upgrade('Host: evil\r\n')),
  refused('an upgrade to a fragment', upgrade('').replace('/a', '/a#b')),
  refusedByNode('an upgrade with a folded line', upgrade('X: y\r\n z\r\n')),
]

export const connections: readonly Family<RequestCase>[] = [
  { title: 'Requests behind requests', cases: pipelined },
  { title: 'Upgrades', cases: upgrades },
]
