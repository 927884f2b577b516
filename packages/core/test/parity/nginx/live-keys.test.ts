import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestLike } from '../../../src/key/request-like.ts'
import { nginxHash } from '../../../src/parity/index.ts'
import { describeWith } from '../../support/real-program.ts'
import { installedNginx, type LiveNginx, startNginx } from './live-nginx.ts'
import { headerBytes, oneOf, type Random, randomOf } from './random-requests.ts'

/** Each as it stands in a config, within quotes. */
const KEYS = [
  '$http_x_session',
  '$HTTP_X_Session',
  '$http_x_a$http_x_b',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of nginx
  'é${http_x_a}-$http_x_b/1',
  '$http_x_forwarded_for',
  '$http_cookie',
  '$http_user_agent',
  '$http_host',
  '$http_authorization',
  '$cookie_sid',
  '$cookie_SID',
  '$arg_id',
  '$arg_ID$arg_id2',
  '$request_uri',
  '$args',
  '$query_string',
  '$is_args',
  '$host',
  '$request_method',
  '$remote_addr',
  '$binary_remote_addr',
]
const REQUESTS = 2000

describeWith('nginx', 'the key that nginx would hash', () => {
  const seed = randomInt(2 ** 31)
  let nginx: LiveNginx

  beforeAll(async () => {
    nginx = await startNginx((port) => {
      // In brackets, so that an empty key and blanks are seen.
      const echoes = KEYS.map((key, index) => `add_header X-Key-${index} "[${key}]" always;`)
      return `set_real_ip_from 127.0.0.0/8; real_ip_header X-Client;
        server { listen 127.0.0.1:${port}; server_name _; ${echoes.join('\n')} return 204; }`
    })
  })

  afterAll(() => nginx?.stop())

  it(`is the scheme's, for ${REQUESTS} requests`, { timeout: 30_000 }, async () => {
    const random = randomOf(seed)
    const schemes = KEYS.map((key) =>
      nginxHash({ servers: [{ server: '10.0.0.1' }], method: 'hash', key, version: installedNginx() }),
    )
    const requests = Array.from({ length: REQUESTS }, () => randomRequest(random))
    const answers = await nginx.ask(requests.map(({ head }) => head))
    const hashed = KEYS.map(() => 0)
    let refused = 0
    for (const [index, { status, headers }] of answers.entries()) {
      const { head, request } = requests[index] as RandomRequest
      if (status === 400) {
        refused++
        continue
      }
      expect(status).toBe(204)
      for (const [at, scheme] of schemes.entries()) {
        const key = scheme.key(request)
        const text = `[${key ? Buffer.from(key).toString('latin1') : ''}]`
        expect(text, `seed ${seed}: ${KEYS[at]} of ${JSON.stringify(head)}`).toBe(headers.get(`x-key-${at}`))
        if (key) hashed[at] = (hashed[at] as number) + 1
      }
    }
    for (const [at, count] of hashed.entries()) expect(count, KEYS[at]).toBeGreaterThan(REQUESTS / 50)
    expect(refused).toBeLessThan(REQUESTS / 2)
  })

  it.each([
    ['Host', 'a.test'],
    ['Authorization', 'Basic YTpi'],
    ['If-None-Match', '"a"'],
  ])('is none where a repeated %s is answered 400', async (header, value) => {
    const lines = ['Host', 'live.test', header, value, header, value]
    const head = `GET / HTTP/1.1\r\n${lines.map((text, at) => `${text}${at % 2 === 0 ? ': ' : '\r\n'}`).join('')}\r\n`
    const [answer] = await nginx.ask([head])
    expect(answer?.status).toBe(400)
    const key = `$http_${header.toLowerCase().replaceAll('-', '_')}`
    const scheme = nginxHash({ servers: [{ server: '10.0.0.1' }], method: 'hash', key })
    expect(scheme.key({ headers: {}, rawHeaders: lines })).toBeUndefined()
  })
})

interface RandomRequest {
  readonly head: string
  readonly request: RequestLike
}

function randomRequest(random: Random): RandomRequest {
  const client =
    random(2) === 0
      ? `10.${random(256)}.0.${random(256)}`
      : `2001:db8:${random(9)}::${random(9)}:${random(9)}`
  const rawHeaders = ['X-Client', client, 'Host', oneOf(random, HOSTS)]
  for (let count = random(9); count > 0; count--) {
    const name = oneOf(random, [
      'X-Session',
      'x-a',
      'X-B',
      'x_session',
      'X-Session.a',
      'X-Forwarded-For',
      'User-Agent',
      'Cookie',
    ])
    rawHeaders.push(name, name === 'Cookie' ? cookies(random) : headerBytes(random))
  }
  if (random(4) === 0) rawHeaders.push('Authorization', headerBytes(random))
  const method = oneOf(random, ['GET', 'POST', 'DELETE', 'PURGE'])
  const url = randomUrl(random)
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}\r\n`] : []))
  return {
    head: `${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`,
    request: { headers: {}, rawHeaders, url, method, socket: { remoteAddress: client } },
  }
}

const HOSTS = [
  'live.test',
  'LIVE.Test:8080',
  'a.b.',
  '[::1]:80',
  '127.0.0.1',
  'x_y.z',
  'a:b:c',
  ' a.test ',
  'Ünï.test',
]

function cookies(random: Random): string {
  const pairs = Array.from({ length: 1 + random(4) }, () => {
    const name = oneOf(random, ['sid', 'SID', 'sid2', 'xsid', ' sid', 'sid ', '', 'a', '"sid'])
    const value = oneOf(random, ['', '1', '"q"', ' 2 ', 'a,sid=3', 'é', 'a=b', '\t'])
    return random(5) === 0 ? name : `${name}${oneOf(random, ['=', '=', '==', ' = '])}${value}`
  })
  return pairs.join(oneOf(random, ['; ', ';', ', ', ';;', ' ;  ']))
}

function randomUrl(random: Random): string {
  const host =
    random(5) === 0 ? oneOf(random, ['http://Other.test', 'http://other.test:81', 'HTTPS://[::1]']) : ''
  const path = oneOf(random, [
    '/',
    '/a/b',
    '/a%20b',
    '//a/./b/..',
    '/ü',
    '/a+b',
    ...(host === '' ? [] : ['']),
  ])
  const pairs = Array.from({ length: random(4) }, () => {
    const name = oneOf(random, ['id', 'ID', 'id2', 'xid', '', 'a'])
    return random(4) === 0 ? name : `${name}=${oneOf(random, ['', '1', 'a%20b', '?', 'id=2', 'a+b', 'ü'])}`
  })
  const query = random(3) === 0 ? '' : `?${pairs.join('&')}`
  const fragment = random(6) === 0 ? `#f${random(2) === 0 ? '?id=9' : ''}` : ''
  return `${host}${path}${query}${fragment}`
}
