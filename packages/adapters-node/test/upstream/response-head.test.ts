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

  it('takes blanks and tabs off a value, and no byte of UTF-8 text', () => {
    // The last byte of an à in UTF-8 is a non-breaking space in latin1.
    const parsed = parseResponseHead(head(OK, 'X: \t \xc3\xa0 \t'), false)
    expect(parsed).toMatchObject({ rawHeaders: ['X', '\xc3\xa0'] })
  })

  it.each(['HTTP/1.1 204 No Content', 'HTTP/1.1 103 Early Hints'])('drops the length of %s', (line) => {
    const parsed = parseResponseHead(head(line, 'A: 1', 'Content-Length: 5', 'B: 2'), false)
    expect(parsed).toMatchObject({ framing: 'none', rawHeaders: ['A', '1', 'B', '2'] })
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
    [OK, 'Transfer-Encoding: chunked\xa0'],
    ['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'],
    [OK, 'Content-Length: 05'],
    [OK, 'Content-Length: 00'],
  ])('refuses %j %j %j', (...lines) => {
    expect(parseResponseHead(head(...lines.filter((line) => line !== undefined)), false)).toBeTypeOf('string')
  })
})
