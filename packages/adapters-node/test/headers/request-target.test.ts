import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { requestTarget } from '../../src/headers/request-target.ts'

const request = (url: string | undefined, method = 'GET') => ({ method, url }) as IncomingMessage

it.each([
  ['/', '/'],
  ['/a/../b//c?d=%20&e#f', '/a/../b//c?d=%20&e#f'],
  ['//host/a', '//host/a'],
  ['/\xc3\xa4', '/\xc3\xa4'],
  ['http://shop/a/../b?c', '/a/../b?c'],
  ['HTTPS://shop:8443?c', '/?c'],
  ['http://shop', '/'],
  [undefined, '/'],
])('of %j is %j', (url, target) => {
  expect(requestTarget(request(url), undefined)).toBe(target)
})

it('of OPTIONS without a path is the asterisk', () => {
  expect(requestTarget(request('*', 'OPTIONS'), undefined)).toBe('*')
  expect(requestTarget(request('http://shop', 'OPTIONS'), undefined)).toBe('*')
  expect(requestTarget(request('http://shop/', 'OPTIONS'), undefined)).toBe('/')
})

it('is what the option path answers, and that is given the request', () => {
  const given = request('/a')
  const path = (asked: { url?: string }) => `/v1${asked.url}`
  expect(requestTarget(given, path as never)).toBe('/v1/a')
})

it.each([
  '',
  'a',
  '?a',
  '#a',
  'mailto:a',
  'foo://a',
  'http:/a',
  '/a b',
  '/a\n',
  '/\x7f',
  '/Ā',
  undefined,
  null,
  7,
  ['/a'],
])('of path answering %j is an error', (answer) => {
  expect(() => requestTarget(request('/a'), () => answer as string)).toThrow(
    expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining('forward.path') }),
  )
})
