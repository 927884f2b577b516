import { expect, it } from 'vitest'
import { trailerFields } from '../../src/headers/trailer-fields.ts'

it('passes trailers on in order, with case and repetition', () => {
  const raw = ['grpc-status', '0', 'X-Sum', 'a', 'x-sum', 'b', 'Server-Timing', 'c', 'api_key', '\xc3\xa0']
  expect(trailerFields(raw)).toEqual(raw)
})

it.each([
  ['Content-Length', 'transfer-encoding', 'TE', 'Trailer', 'Connection', 'Host', 'content_length'],
  ['Authorization', 'Cookie', 'Set-Cookie', 'set_cookie', 'WWW-Authenticate', 'Proxy-Authorization'],
  ['X-Forwarded-For', 'x_forwarded_host', 'Forwarded', 'Via', 'X-Limpet-Moved', 'X_Real_IP'],
  [':status', 'a b', 'a\0', '', 'a\r\nb', 'a:b'],
])('leaves out what a trailer must not carry: %j, %j, %j …', (...names) => {
  const raw = names.flatMap((name) => [name, 'x'])
  expect(trailerFields(['A', '1', ...raw, 'B', '2'])).toEqual(['A', '1', 'B', '2'])
})

it.each(['a\0b', 'a\r\nb: c', 'a\nb', 'a\x7f'])('leaves out a trailer with the value %j', (value) => {
  expect(trailerFields(['A', value, 'B', '2'])).toEqual(['B', '2'])
})
