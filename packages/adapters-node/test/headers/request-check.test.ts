import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { requestError, requestFault } from '../../src/headers/request-check.ts'

type Fields = Partial<Pick<IncomingMessage, 'httpVersion' | 'method' | 'url'>> & { readonly socket?: object }

function request(rawHeaders: readonly string[], fields: Fields = {}): IncomingMessage {
  return { httpVersion: '1.1', method: 'POST', url: '/', socket: {}, rawHeaders, ...fields } as never
}

describe('requestFault', () => {
  it.each([
    [[]],
    [['Host', 'shop', 'Content-Length', '5']],
    [['Host', 'shop', 'Transfer-Encoding', 'Chunked']],
    [['Host', 'shop', 'X', 'a\tb \xe9', 'x', '']],
    [['Content-Length', '999999999999999']],
  ])('finds nothing in %j', (rawHeaders) => {
    expect(requestFault(request(rawHeaders), false)).toBeUndefined()
  })

  it.each([
    [['Content-Length', '05']],
    [['Content-Length', '+5']],
    [['Content-Length', '']],
    [['Content-Length', '1000000000000000']],
    [['Content-Length', '5', 'content-length', '5']],
    [['Content-Length', '5', 'Transfer-Encoding', 'chunked']],
    [['Transfer-Encoding', 'chunked', 'Content-Length', '5']],
    [['Transfer-Encoding', 'gzip, chunked']],
    [['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']],
    [['Transfer-Encoding ', 'chunked']],
    [['Transfer-Encoding', 'chunked\xa0']],
    [['Host', 'a', 'host', 'a']],
    [['Host', '']],
    [['Host', 'a b']],
    [['X y', 'z']],
    [['', 'z']],
    [['X', 'a\0b']],
    [['X', 'a\r\nb: c']],
  ])('finds something in %j', (rawHeaders) => {
    expect(requestFault(request(rawHeaders), false)).toBeTypeOf('string')
  })

  it.each(['0.9', '1.2', '2.0'])('wants no HTTP/%s', (httpVersion) => {
    expect(requestFault(request([], { httpVersion }), false)).toContain('version')
  })

  it('wants no chunks in HTTP/1.0', () => {
    const chunked = ['Transfer-Encoding', 'chunked']
    expect(requestFault(request(chunked, { httpVersion: '1.0' }), false)).toContain('HTTP/1.0')
  })

  it('wants no body with an upgrade', () => {
    expect(requestFault(request(['Content-Length', '0']), true)).toBeUndefined()
    expect(requestFault(request(['Content-Length', '1']), true)).toContain('upgrade')
    expect(requestFault(request(['Transfer-Encoding', 'chunked']), true)).toContain('upgrade')
  })

  it.each([
    [31, undefined, true],
    [1_999, null, true],
    [2_000, null, false],
    [2_001, undefined, false],
    [49, 50, true],
    [62, 50, false],
    [5_000, 0, true],
  ])('of %i headers with maxHeadersCount %s it may have all: %s', (count, maxHeadersCount, isAll) => {
    const rawHeaders = Array(count).fill(['a', '']).flat()
    const fault = requestFault(request(rawHeaders, { socket: { server: { maxHeadersCount } } }), false)
    expect(fault?.includes('maxHeadersCount') ?? false).toBe(!isAll)
  })

  it('looks at the target', () => {
    expect(requestFault(request(['Host', 'shop'], { url: '/a#b' }), false)).toContain('fragment')
    expect(requestFault(request(['Host', 'shop'], { url: 'http://shop/' }), false)).toBeUndefined()
    expect(requestFault(request([], { url: 'http://shop/' }), false)).toContain('authority')
  })
})

describe('requestError', () => {
  it('lets the connection of a malformed request serve nothing more', () => {
    const socket = {}
    const response = { shouldKeepAlive: true } as ServerResponse
    const error = requestError(request(['Host', ''], { socket }), response)
    expect(error).toMatchObject({ code: 'request-malformed' })
    expect(response.shouldKeepAlive).toBe(false)
    expect(requestError(request([], { socket }), response)?.message).toContain('follows')
    expect(requestError(request([], { socket }))).toBeDefined()
    expect(requestError(request([]), response)).toBeUndefined()
  })

  it('never tells the client what it sent', () => {
    const error = requestError(request(['X', 'secret\0']))
    expect(error?.message).not.toContain('secret')
  })
})
