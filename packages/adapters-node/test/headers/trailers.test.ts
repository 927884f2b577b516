import { expect, it } from 'vitest'
import { forwardedTrailers } from '../../src/headers/trailers.ts'

it('passes trailers on in order, with case and repetition', () => {
  const raw = ['grpc-status', '0', 'X-Sum', 'a', 'x-sum', 'b', 'Server-Timing', 'c']
  expect(forwardedTrailers(raw)).toEqual(raw)
})

it.each([
  ['Content-Length', 'transfer-encoding', 'TE', 'Trailer', 'Connection', 'Host', 'content_length'],
  ['Authorization', 'Cookie', 'Set-Cookie', 'set_cookie', 'WWW-Authenticate', 'Proxy-Authorization'],
  ['X-Forwarded-For', 'x_forwarded_host', 'Forwarded', 'Via', 'X-Limpet-Moved', 'Location'],
])('leaves out what a trailer must not carry: %s, %s, %s …', (...names) => {
  expect(forwardedTrailers(names.flatMap((name) => [name, 'x']))).toEqual([])
})
