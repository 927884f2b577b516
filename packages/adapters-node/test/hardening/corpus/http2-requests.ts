import type { Fields, StreamFrame } from '../http2-frames.ts'
import type { Family, PodRequest } from './case.ts'

/** Frames that a client sends on a stream, and all that may come of them at a pod of HTTP/1.1. */
export interface Http2Case {
  readonly name: string
  readonly frames: readonly StreamFrame[]
  /** `reset`: by node (nghttp2), the stream or the whole connection. A number: our answer, `request-malformed` if it is 400. */
  readonly outcome: 200 | 400 | 'reset'
  /** The request that the pod gets. */
  readonly pod?: PodRequest
  /** The beginning of a request reaches a pod, which sees its connection closed before the end. */
  readonly isCut?: boolean
}

type Change = Readonly<Record<string, string | undefined>>

const PSEUDO = { ':method': 'GET', ':scheme': 'http', ':authority': 'shop', ':path': '/a' }

/** The usual pseudo header fields with some changed, undefined = left out; then other fields. */
function fields(change: Change, ...more: Fields): Fields {
  const pseudo = Object.entries({ ...PSEUDO, ...change }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  )
  return [...pseudo, ...more]
}

const get = (change: Change, ...more: Fields): StreamFrame[] => [
  { headers: fields(change, ...more), ends: true },
]
const post = (data: string, ...more: Fields): StreamFrame[] => [
  { headers: fields({ ':method': 'POST' }, ...more) },
  { data, ends: true },
]

const reset = (name: string, frames: readonly StreamFrame[]): Http2Case => ({
  name,
  frames,
  outcome: 'reset',
})
const refused = (name: string, frames: readonly StreamFrame[]): Http2Case => ({ name, frames, outcome: 400 })
const forwarded = (name: string, frames: readonly StreamFrame[], pod: PodRequest): Http2Case => ({
  name,
  frames,
  outcome: 200,
  pod,
})

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n'
const GET = 'GET /a HTTP/1.1'
const POST = 'POST /a HTTP/1.1'

const pseudo: readonly Http2Case[] = [
  forwarded('a request', get({}), { line: GET, has: ['Host: shop'] }),
  forwarded('OPTIONS *', get({ ':method': 'OPTIONS', ':path': '*' }), { line: 'OPTIONS * HTTP/1.1' }),
  forwarded('Host in place of :authority', get({ ':authority': undefined }, ['host', 'shop']), {
    line: GET,
    has: ['Host: shop'],
  }),
  forwarded('Host that says what :authority says', get({}, ['host', 'shop']), {
    line: GET,
    has: ['Host: shop'],
  }),
  forwarded('// as a path', get({ ':path': '//evil/a' }), { line: 'GET //evil/a HTTP/1.1' }),
  refused('Host that says another than :authority', get({}, ['host', 'evil'])),
  reset('Host twice', get({}, ['host', 'shop'], ['host', 'shop'])),
  reset('no :path', get({ ':path': undefined })),
  reset('no :method', get({ ':method': undefined })),
  reset('no :scheme', get({ ':scheme': undefined })),
  reset('an empty :path', get({ ':path': '' })),
  ...[
    '/a b',
    '/a\r\nX: y',
    '/a HTTP/1.1\r\nHost: shop\r\n\r\nGET /smuggled',
    '/a\n',
    '/a\r',
    '/a\0',
    '/a\t',
  ].map((path) => reset(`:path ${JSON.stringify(path)}`, get({ ':path': path }))),
  refused('a fragment in :path', get({ ':path': '/a#b' })),
  refused('a backslash in :path', get({ ':path': '/a\\b' })),
  reset('a :path without a slash', get({ ':path': 'a' })),
  reset('* and not OPTIONS', get({ ':path': '*' })),
  reset('an absolute :path of another host', get({ ':path': 'http://evil/a' })),
  ...['GET /smuggled HTTP/1.1\r\nX:', 'GET\r\n', 'GE T', 'GET\0', ''].map((method) =>
    reset(`:method ${JSON.stringify(method)}`, get({ ':method': method })),
  ),
  refused('a :method in lower case', get({ ':method': 'get' })),
  ...['shop evil', 'shop\r\nX: y', 'shop\n', 'shop\0', 'user@shop', 'shop/a', 'shop?a', 'shop#a', ''].map(
    (authority) => reset(`:authority ${JSON.stringify(authority)}`, get({ ':authority': authority })),
  ),
  ...['shop,evil', 'shop:80a'].map((authority) =>
    refused(`:authority ${JSON.stringify(authority)}`, get({ ':authority': authority })),
  ),
  reset('a :scheme with a line end', get({ ':scheme': 'http\r\nX: y' })),
  reset(':path twice', get({}, [':path', '/b'])),
  reset(':method twice', get({}, [':method', 'POST'])),
  reset(':authority twice', get({}, [':authority', 'evil'])),
  reset('a pseudo header field behind another field', [{ headers: [['x', 'y'], ...fields({})], ends: true }]),
  reset('a pseudo header field of responses', get({}, [':status', '200'])),
  reset('a pseudo header field that nobody knows', get({}, [':evil', '1'])),
  reset(':protocol, which was not offered', get({ ':method': 'CONNECT' }, [':protocol', 'websocket'])),
]

/** nghttp2 leaves the field out and goes on with the request. */
const leftOut = (name: string, one: readonly [string, string]) =>
  forwarded(name, get({}, one), { line: GET, lacks: [one[0].toLowerCase(), 'x', 'y'] })
const field = (name: string, one: readonly [string, string]) => reset(name, get({}, one))

const headers: readonly Http2Case[] = [
  forwarded('tabs and bytes above ASCII in a value', get({}, ['x', 'a\tb \xe9']), {
    line: GET,
    has: ['x: a\tb \xe9'],
  }),
  forwarded('Cookie in pieces', get({}, ['cookie', 'a=b'], ['cookie', 'c=d']), {
    line: GET,
    has: ['cookie: a=b; c=d'],
  }),
  forwarded('TE: trailers', get({}, ['te', 'trailers']), { line: GET }),
  field('a name in upper case', ['X', 'y']),
  ...[
    'x y',
    'x ',
    ' x',
    'x:y',
    'x\r\ny',
    'x\n',
    'x\0',
    'x\x7f',
    'x\xe9',
    '',
    'x(y)',
    'x\r\n\r\nget /smuggled',
  ].map((name) => leftOut(`the name ${JSON.stringify(name)}`, [name, 'y'])),
  ...['a\r\nY: z', 'a\nb', 'a\rb', 'a\0b', 'a\x01b', 'a\x7fb', `a\r\n\r\n${SMUGGLED}`].map((value) =>
    leftOut(`the value ${JSON.stringify(value)}`, ['x', value]),
  ),
  field('Transfer-Encoding: chunked', ['transfer-encoding', 'chunked']),
  field('Connection: close', ['connection', 'close']),
  field('Connection that names the key', ['connection', 'x-session']),
  field('Keep-Alive', ['keep-alive', 'timeout=5']),
  field('Proxy-Connection', ['proxy-connection', 'keep-alive']),
  field('Upgrade: h2c', ['upgrade', 'h2c']),
  field('TE: gzip', ['te', 'gzip']),
  forwarded('Transfer_Encoding', get({}, ['transfer_encoding', 'chunked']), {
    line: GET,
    lacks: ['transfer_encoding'],
  }),
  forwarded('X_Forwarded_For of a stranger', get({}, ['x_forwarded_for', '1.2.3.4']), {
    line: GET,
    lacks: ['x_forwarded_for'],
  }),
  forwarded('X-Forwarded-Host of a stranger', get({}, ['x-forwarded-host', 'evil']), {
    line: GET,
    has: ['X-Forwarded-Host: shop'],
  }),
]

const cutOff = (name: string, frames: readonly StreamFrame[]): Http2Case => ({
  name,
  frames,
  outcome: 'reset',
  isCut: true,
})

const bodies: readonly Http2Case[] = [
  forwarded('a body without a length', post('abc'), {
    line: POST,
    body: 'abc',
    has: ['Transfer-Encoding: chunked'],
  }),
  forwarded('a body with its length', post('abc', ['content-length', '3']), {
    line: POST,
    body: 'abc',
    has: ['content-length: 3'],
  }),
  forwarded('a request as a body', post(SMUGGLED), { line: POST, body: SMUGGLED }),
  forwarded('no body, and a length of 0', post('', ['content-length', '0']), { line: POST }),
  forwarded(
    'a body and a trailer',
    [{ headers: fields({ ':method': 'POST' }) }, { data: 'abc' }, { headers: [['x-sum', '1']], ends: true }],
    { line: POST, body: 'abc' },
  ),
  cutOff('a trailer that frames', [
    { headers: fields({ ':method': 'POST' }) },
    { data: 'abc' },
    {
      headers: [
        ['content-length', '99'],
        ['host', 'evil'],
      ],
      ends: true,
    },
  ]),
  reset('a length and no body', get({ ':method': 'POST' }, ['content-length', '3'])),
  {
    ...reset('a length of 0 and a body', post(SMUGGLED, ['content-length', '0'])),
    pod: { line: POST, has: ['content-length: 0'] },
  },

  cutOff('a body longer than its length', post(`abc${SMUGGLED}`, ['content-length', '3'])),
  cutOff('a body shorter than its length', post('abc', ['content-length', '50'])),
  reset('two lengths', post('abc', ['content-length', '3'], ['content-length', '4'])),
  reset('two lengths, the same', post('abc', ['content-length', '3'], ['content-length', '3'])),
  ...['+3', '-3', '3,3', '0x3', '3 ', 'three', ''].map((length) =>
    reset(`content-length ${JSON.stringify(length)}`, post('abc', ['content-length', length])),
  ),
  refused('content-length with zeros in front', post('abc', ['content-length', '03'])),
  cutOff('a pseudo header field in a trailer', [
    { headers: fields({ ':method': 'POST' }) },
    { data: 'abc' },
    { headers: [[':path', '/smuggled']], ends: true },
  ]),
  forwarded(
    'a line end in a trailer',
    [
      { headers: fields({ ':method': 'POST' }) },
      { data: 'abc' },
      { headers: [['x', `a\r\n\r\n${SMUGGLED}`]], ends: true },
    ],
    { line: POST, body: 'abc' },
  ),
]

export const http2Families: readonly Family<Http2Case>[] = [
  { title: 'Pseudo header fields', cases: pseudo },
  { title: 'Header fields of HTTP/2', cases: headers },
  { title: 'Bodies of HTTP/2', cases: bodies },
]
