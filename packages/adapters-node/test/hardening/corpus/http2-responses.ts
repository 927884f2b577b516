import type { Fields, StreamFrame } from '../http2-frames.ts'
import type { Family } from './case.ts'

/** Frames that a pod answers with, and what a client of HTTP/1.1 may see of them. */
export interface Http2ResponseCase {
  readonly name: string
  /** Default `GET`. */
  readonly method?: string
  readonly frames: readonly StreamFrame[]
  /** A number: the status, with `body`. `cut`: no complete answer. */
  readonly client: number | 'cut'
  readonly body?: string
  /** Header lines that must be there, as they are written. */
  readonly has?: readonly string[]
  /** Header names, in lower case, that must not be there. */
  readonly lacks?: readonly string[]
}

const SPLIT = 'a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'

const head = (...fields: Fields): Fields => [[':status', '200'], ...fields]
const whole = (fields: Fields, data = 'abc'): StreamFrame[] => [{ headers: fields }, { data, ends: true }]

const answered = (
  name: string,
  frames: readonly StreamFrame[],
  more: Partial<Http2ResponseCase> = {},
): Http2ResponseCase => ({
  name,
  frames,
  client: 200,
  body: 'abc',
  ...more,
})
const refused = (name: string, frames: readonly StreamFrame[]): Http2ResponseCase => ({
  name,
  frames,
  client: 502,
})
const cut = (name: string, frames: readonly StreamFrame[]): Http2ResponseCase => ({
  name,
  frames,
  client: 'cut',
})

const heads: readonly Http2ResponseCase[] = [
  answered('a response', whole(head(['x', 'y'], ['content-length', '3'])), {
    has: ['x: y', 'content-length: 3'],
  }),
  answered('a response without a length', whole(head())),
  answered('a header twice', whole(head(['set-cookie', 'a'], ['set-cookie', 'b'])), {
    has: ['set-cookie: a', 'set-cookie: b'],
  }),
  refused('no :status', whole([['x', 'y']])),
  ...['', '20', '2000', 'abc', '+20', '200 OK', `200 OK\r\nX: y`, '-200', '099'].map((status) =>
    refused(`:status ${JSON.stringify(status)}`, whole([[':status', status]])),
  ),
  refused(
    ':status twice',
    whole([
      [':status', '200'],
      [':status', '204'],
    ]),
  ),
  refused('101', whole([[':status', '101']])),
  refused('a pseudo header field of requests', whole(head([':path', '/']))),
  refused(
    'a pseudo header field behind another field',
    whole([
      ['x', 'y'],
      [':status', '200'],
    ]),
  ),
  refused('a header in upper case', whole(head(['X', 'y']))),
  ...['x y', 'x:y', 'x ', 'x\r\nset-cookie', 'x\0', 'x\xe9', ''].map((name) =>
    answered(`the name ${JSON.stringify(name)}, which is left out`, whole(head([name, 'evil'])), {
      lacks: [name, 'x', 'set-cookie'],
    }),
  ),
  ...['a\r\nSet-Cookie: evil=1', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', SPLIT].map((value) =>
    answered(`the value ${JSON.stringify(value)}, which is left out`, whole(head(['x', value])), {
      lacks: ['x', 'set-cookie'],
    }),
  ),
  ...(['connection', 'keep-alive', 'proxy-connection', 'upgrade'] as const).map((name) =>
    refused(`the header ${name}`, whole(head([name, 'close']))),
  ),
  refused('Transfer-Encoding', whole(head(['transfer-encoding', 'chunked']), '3\r\nabc\r\n0\r\n\r\n')),
]

const bodies: readonly Http2ResponseCase[] = [
  answered('a response as a body', whole(head(), SPLIT), { body: SPLIT }),
  cut('a body longer than its length', whole(head(['content-length', '2']))),
  cut('a body shorter than its length', whole(head(['content-length', '9']))),
  refused('a length and no body', [{ headers: head(['content-length', '3']), ends: true }]),
  refused('two lengths', whole(head(['content-length', '3'], ['content-length', '4']))),
  ...['+3', '3,3', '0x3', ''].map((length) =>
    refused(`content-length ${JSON.stringify(length)}`, whole(head(['content-length', length]))),
  ),
  answered('HEAD with a length', [{ headers: head(['content-length', '3']), ends: true }], {
    method: 'HEAD',
    body: '',
  }),
  answered('204 without a body', [{ headers: [[':status', '204']], ends: true }], { client: 204, body: '' }),
  answered(
    '304 with a length',
    [
      {
        headers: [
          [':status', '304'],
          ['content-length', '3'],
        ],
        ends: true,
      },
    ],
    { client: 304, body: '' },
  ),
  answered('a trailer', [{ headers: head() }, { data: 'abc' }, { headers: [['x-sum', '1']], ends: true }]),
  answered('a trailer with a line end, which is left out', [
    { headers: head() },
    { data: 'abc' },
    { headers: [['x', SPLIT]], ends: true },
  ]),
  cut('a pseudo header field in a trailer', [
    { headers: head() },
    { data: 'abc' },
    { headers: [[':status', '200']], ends: true },
  ]),
  answered('103 before it', [
    {
      headers: [
        [':status', '103'],
        ['link', '</a>'],
      ],
    },
    ...whole(head()),
  ]),
]

export const http2ResponseFamilies: readonly Family<Http2ResponseCase>[] = [
  { title: 'Heads of HTTP/2', cases: heads },
  { title: 'Bodies of responses of HTTP/2', cases: bodies },
]
