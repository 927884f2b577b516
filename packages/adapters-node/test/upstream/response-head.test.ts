import { describe, expect, it } from 'vitest'
import { parseResponseHead } from '../../src/upstream/response-head.ts'

const head = (...lines: string[]) => lines.join('\r\n')
const OK = 'HTTP/1.1 200 OK'

describe('parseResponseHead', () => {
  it('keeps case, order and repetition of headers', () => {
    const parsed = parseResponseHead(head(OK, 'Set-Cookie: a', 'X-b:  c ', 'set-cookie: d'), false)
    expect(parsed).toMatchObject({
      status: 200,
      reason: 'OK',
      rawHeaders: ['Set-Cookie', 'a', 'X-b', 'c', 'set-cookie', 'd'],
    })
  })

  it.each([
    [[OK, 'Content-Length: 5'], false, 5, true],
    [[OK, 'Content-Length: 0'], false, 0, true],
    [[OK, 'Transfer-Encoding: Chunked'], false, 'chunked', true],
    [[OK], false, 'until-close', false],
    [[OK, 'Content-Length: 5'], true, 'none', true],
    [['HTTP/1.1 204 No Content'], false, 'none', true],
    [['HTTP/1.1 304 Not Modified', 'Content-Length: 5'], false, 'none', true],
    [[OK, 'Content-Length: 5', 'Connection: close'], false, 5, false],
    [['HTTP/1.0 200 OK', 'Content-Length: 5'], false, 5, false],
    [['HTTP/1.0 200 OK', 'Content-Length: 5', 'Connection: keep-alive'], false, 5, true],
    [['HTTP/1.1 200'], false, 'until-close', false],
  ])('%j (no body: %s) is framed as %s, kept alive: %s', (lines, hasNoBody, framing, keepsAlive) => {
    expect(parseResponseHead(head(...lines), hasNoBody)).toMatchObject({ framing, keepsAlive })
  })

  it.each([
    ['HTTP/2 200 OK'],
    ['HTTP/1.1 20 OK'],
    ['HTTP/1.1 2000 OK'],
    ['HTTP/1.1  200 OK'],
    ['ICY 200 OK'],
    ['HTTP/1.1 200 O\nK'],
    [OK, 'no colon'],
    [OK, ': no name'],
    [OK, 'a b: c'],
    [OK, 'a : c'],
    [OK, ' folded'],
    [OK, 'a: b', '\tfolded'],
    [OK, 'a: b\nc: d'],
    [OK, 'a: b\rc'],
    [OK, 'a: b\0'],
    [OK, 'Content-Length: 5', 'content-length: 5'],
    [OK, 'Content-Length: +5'],
    [OK, 'Content-Length: -5'],
    [OK, 'Content-Length: 5, 5'],
    [OK, 'Content-Length: 0x5'],
    [OK, 'Content-Length: 9999999999999999'],
    [OK, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
    [OK, 'Transfer-Encoding: gzip, chunked'],
    [OK, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    [OK, 'Transfer-Encoding: xchunked'],
  ])('refuses %j %j %j', (...lines) => {
    expect(parseResponseHead(head(...lines.filter((line) => line !== undefined)), false)).toBeTypeOf('string')
  })
})
