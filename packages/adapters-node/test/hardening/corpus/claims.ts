import { type Family, forwarded, type RequestCase, refusedByNode } from './case.ts'

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: shop\r\n${headers}\r\n`
const GET = 'GET /a HTTP/1.1'

/** What Connection and its like cannot do, and what a stranger cannot say. */
const claims: readonly RequestCase[] = [
  forwarded('Connection that names the key', get('/a', 'X-Session: k\r\nConnection: x-session\r\n'), {
    line: GET,
    has: ['X-Session: k'],
  }),
  forwarded(
    'Connection that names whom we vouch for',
    get('/a', 'Connection: x-forwarded-for, x-forwarded-proto, host, via\r\n'),
    {
      line: GET,
      has: ['Host: shop', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: shop'],
    },
  ),
  forwarded(
    'Connection that names who is allowed',
    get('/a', 'Connection: authorization, cookie\r\nAuthorization: x\r\nCookie: a=b\r\n'),
    {
      line: GET,
      has: ['Authorization: x', 'Cookie: a=b'],
    },
  ),
  forwarded(
    'Connection that names a header of one hop',
    get('/a', 'Connection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n'),
    {
      line: GET,
      has: ['X-End: 2'],
      lacks: ['x-hop'],
    },
  ),
  forwarded(
    'headers of one connection',
    get('/a', 'Keep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n'),
    {
      line: GET,
      lacks: ['keep-alive', 'proxy-connection', 'te'],
    },
  ),
  forwarded(
    'X-Forwarded-* of a stranger',
    get('/a', 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Prefix: /evil\r\n'),
    {
      line: GET,
      has: ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: shop'],
      lacks: ['x-forwarded-prefix'],
    },
  ),
  forwarded(
    'X_Forwarded_* of a stranger',
    get('/a', 'X_Forwarded_For: 1.2.3.4\r\nX-Forwarded_Host: evil\r\nx_forwarded-proto: https\r\n'),
    {
      line: GET,
      has: ['X-Forwarded-For: 127.0.0.1'],
      lacks: ['x_forwarded_for', 'x-forwarded_host', 'x_forwarded-proto'],
    },
  ),
  forwarded('Forwarded of a stranger', get('/a', 'Forwarded: for=1.2.3.4;host=evil\r\n'), {
    line: GET,
    lacks: ['forwarded'],
  }),
  forwarded('Proxy, which CGI makes HTTP_PROXY', get('/a', 'Proxy: http://evil\r\n'), {
    line: GET,
    lacks: ['proxy'],
  }),
  {
    ...refusedByNode(
      'an expectation that nobody knows',
      `POST /a HTTP/1.1\r\nHost: shop\r\nExpect: smuggle\r\nContent-Length: 3\r\n\r\nabc`,
      417,
    ),
    closes: false,
  },
]

export const claimFamilies: readonly Family<RequestCase>[] = [
  { title: 'What a client says of itself', cases: claims },
]
