import { expect, it } from 'vitest'
import { responseHeaders } from '../../src/headers/response-headers.ts'

const headersOf = (rawHeaders: string[], via?: string, httpVersion = '1.1') =>
  responseHeaders({ httpVersion, rawHeaders }, via)

it('keeps order, case and repetition', () => {
  const raw = ['Set-Cookie', 'a', 'set-cookie', 'b', 'X-Empty', '', 'Trailer', 'X-Sum']
  expect(headersOf([...raw])).toEqual(raw)
})

it('leaves out what concerns one connection alone, and what Connection names', () => {
  const raw = ['Connection', 'close, X-Gone', 'X-Gone', '1', 'Keep-Alive', 'timeout=5', 'X-Kept', '2']
  expect(
    headersOf([...raw, 'Transfer-Encoding', 'chunked', 'Proxy-Connection', 'x', 'Upgrade', 'h2c']),
  ).toEqual(['X-Kept', '2'])
})

it('adds our name behind those in Via, with the version that the pod answered in', () => {
  expect(headersOf(['Via', '1.1 mesh'], 'limpet', '1.0')).toEqual(['Via', '1.1 mesh', 'Via', '1.0 limpet'])
  expect(headersOf([], 'limpet')).toEqual(['Via', '1.1 limpet'])
  expect(headersOf(['Via', '1.1 mesh'])).toEqual(['Via', '1.1 mesh'])
})
