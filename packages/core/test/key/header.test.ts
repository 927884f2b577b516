import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asRequest } from '../../src/key/as-request.ts'
import { header } from '../../src/key/header.ts'
import type { KeyReading } from '../../src/key/key-source.ts'
import { fakeRequest } from '../../src/testing/fake-request.ts'

const AMBIGUOUS = { reason: 'ambiguous-key' }
const BAD = { reason: 'bad-key' }

describe('header', () => {
  it('matches the name in any case and the value exactly', () => {
    expect(header('X-Session').read(fakeRequest({ headers: { 'x-sEsSion': 'Alice' } }))).toBe('Alice')
  })

  it('reads rawHeaders, Headers, a record and an array in a record alike', () => {
    const source = header('x-session')
    expect(source.read({ headers: new Headers({ 'X-Session': 'a' }) })).toBe('a')
    expect(source.read({ headers: { 'x-session': 'a' } })).toBe('a')
    expect(source.read({ headers: { 'x-session': ['a'] } })).toBe('a')
    expect(source.read(asRequest(new Headers({ 'X-Session': 'a' })))).toBe('a')
    expect(source.read(asRequest({ 'x-session': 'a' }))).toBe('a')
  })

  it.each([undefined, '', '  ', '\t'])('takes %j for no key', (value) => {
    expect(
      header('x').read(fakeRequest(value === undefined ? {} : { headers: { x: value } })),
    ).toBeUndefined()
  })

  it('leaves out blanks at the ends, and no other white space', () => {
    expect(header('x').read(fakeRequest({ headers: { x: ' \ta b\t ' } }))).toBe('a b')
    expect(header('x').read(fakeRequest({ headers: { x: '\u00a0a' } }))).toBe('\u00a0a')
  })

  it.each<['refuse' | 'first' | 'last' | 'join', unknown]>([
    ['refuse', AMBIGUOUS],
    ['first', 'a'],
    ['last', 'b'],
    ['join', 'a, b'],
  ])('treats a repeated header as told: %s', (repeated, expected) => {
    const request = fakeRequest({ headers: { x: ['a', 'b'] } })
    const reading = header('x', { repeated }).read(request)
    if (typeof expected === 'string') expect(reading).toBe(expected)
    else expect(reading).toMatchObject(expected as object)
  })

  it('refuses a repeated header by default, also with equal values and in a record', () => {
    expect(header('x').read(fakeRequest({ headers: { x: ['a', 'a'] } }))).toMatchObject(AMBIGUOUS)
    expect(header('x').read({ headers: { x: ['a', 'b'] } })).toMatchObject(AMBIGUOUS)
  })

  it('takes a key at the limit and refuses one over it, without cutting', () => {
    const source = header('x', { maxLength: 10 })
    expect(source.read(fakeRequest({ headers: { x: 'a'.repeat(10) } }))).toBe('a'.repeat(10))
    expect(source.read(fakeRequest({ headers: { x: 'a'.repeat(11) } }))).toMatchObject(BAD)
  })

  it('refuses characters that are no bytes', () => {
    expect(header('x').read(fakeRequest({ headers: { x: 'a\u0100' } }))).toMatchObject(BAD)
  })

  it('never puts the value into a problem', () => {
    const reading = header('x', { maxLength: 3 }).read(fakeRequest({ headers: { x: 'secret' } }))
    expect(JSON.stringify(reading)).not.toContain('secret')
  })

  it.each(['', 'a b', 'a:b', 'ä', 7 as never])('refuses the name %j', (name) => {
    expect(() => header(name)).toThrow('option "header.name": expected a header name')
  })

  it.each([
    [{ maxLength: 0 }, 'option "header.maxLength": expected an integer from 1 to 65536, got 0'],
    [{ repeated: 'any' as never }, "option \"header.repeated\": expected 'refuse' or 'first'"],
    [{ length: 3 } as never, 'option "header.length" is unknown; known: repeated, maxLength'],
  ])('refuses the options %j', (options, message) => {
    expect(() => header('x', options)).toThrow(message)
  })

  it('reads any text without throwing, the same from each form of request', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const source = header('x')
        const fromRaw = source.read({ headers: {}, rawHeaders: ['X', value] })
        expect(source.read({ headers: { x: value } })).toEqual(fromRaw)
      }),
    )
  })

  it('reads the bytes of the wire from node:http', async () => {
    const readings: KeyReading[] = []
    const server = createServer((request, response) => {
      readings.push(header('x-session').read(request))
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const ask = (lines: string) =>
      new Promise((resolve) => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
        socket.on('close', resolve).resume()
        socket.end(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n\r\n`, 'latin1')
      })
    await ask('X-SESSION: caf\u00e9')
    await ask('x-session: a\r\nX-Session: b')
    await ask('x-session:')
    server.close()
    expect(readings[0]).toBe('caf\u00e9')
    expect(readings[1]).toMatchObject(AMBIGUOUS)
    expect(readings[2]).toBeUndefined()
  })
})
