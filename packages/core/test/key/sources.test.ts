import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { all, firstOf, map } from '../../src/key/combined.ts'
import { cookie } from '../../src/key/cookie.ts'
import { header } from '../../src/key/header.ts'
import type { KeySource } from '../../src/key/key-source.ts'
import { path } from '../../src/key/path.ts'
import { query } from '../../src/key/query.ts'
import { fakeRequest } from '../../src/testing/fake-request.ts'

const AMBIGUOUS = { reason: 'ambiguous-key' }
const BAD = { reason: 'bad-key' }
const ofCookie = (line: string | string[]) => fakeRequest({ headers: { Cookie: line } })
const ofUrl = (url: string) => fakeRequest({ url })
const fixed = (key: string | undefined): KeySource => ({ name: 'fixed', read: () => key })

describe('cookie', () => {
  it.each([
    ['sid=a', 'a'],
    ['other=1; sid=a; more=2', 'a'],
    ['sid="a b"', 'a b'],
    ['sid=%C3%A9', '\u00c3\u00a9'],
    ['sid=a=b', 'a=b'],
    ['sid=a+b', 'a+b'],
    ['SID=x; sid=a', 'a'],
    ['xsid=x;sid=a', 'a'],
  ])('of %s is read', (line, key) => {
    expect(cookie('sid').read(ofCookie(line))).toBe(key)
  })

  it.each(['', 'sid', 'sid=', 'sid=""', 'other=sid'])('takes %j for no key', (line) => {
    expect(cookie('sid').read(ofCookie(line))).toBeUndefined()
  })

  it('refuses a repeated one, in one header or two, unless told which to take', () => {
    expect(cookie('sid').read(ofCookie('sid=a; sid=b'))).toMatchObject(AMBIGUOUS)
    expect(cookie('sid').read(ofCookie(['sid=a', 'sid=b']))).toMatchObject(AMBIGUOUS)
    expect(cookie('sid', { repeated: 'first' }).read(ofCookie(['sid=a', 'sid=b']))).toBe('a')
    expect(cookie('sid', { repeated: 'last' }).read(ofCookie(['sid=a', 'sid=b']))).toBe('b')
  })

  it.each(['sid=%', 'sid=%4', 'sid=%zz'])('refuses broken encoding: %s', (line) => {
    expect(cookie('sid').read(ofCookie(line))).toMatchObject(BAD)
  })
})

describe('query', () => {
  it.each([
    ['/?sid=a', 'a'],
    ['/p?x=1&sid=a%20b&y', 'a b'],
    ['/?sid=a+b', 'a b'],
    ['/?%73id=a', 'a'],
    ['http://host/p?sid=a#sid=b', 'a'],
    ['/?sid=%C3%A9', '\u00c3\u00a9'],
  ])('of %s is read', (url, key) => {
    expect(query('sid').read(ofUrl(url))).toBe(key)
  })

  it.each(['/', '/?', '/?sid', '/?sid=', '/sid=a', '/?SID=a'])('takes %s for no key', (url) => {
    expect(query('sid').read(ofUrl(url))).toBeUndefined()
  })

  it('refuses a repeated one and broken encoding', () => {
    expect(query('sid').read(ofUrl('/?sid=a&sid=b'))).toMatchObject(AMBIGUOUS)
    expect(query('sid').read(ofUrl('/?sid=%e'))).toMatchObject(BAD)
  })

  it('is not disturbed by a broken parameter of another name', () => {
    expect(query('sid').read(ofUrl('/?%=1&sid=a'))).toBe('a')
  })
})

describe('path', () => {
  it.each([
    [0, '/rooms/42', 'rooms'],
    [1, '/rooms/42?x=/y', '42'],
    [-1, '/rooms/42/chat', 'chat'],
    [1, 'http://host/rooms/a%2Fb', 'a/b'],
    [0, 'http://host?x=/a/b', undefined],
    [2, '/rooms/42', undefined],
    [1, '/rooms//x', undefined],
    [0, '/', undefined],
    [0, '*', undefined],
  ])('segment %i of %s is %s', (segment, url, key) => {
    expect(path(segment).read(ofUrl(url))).toBe(key)
  })
})

describe('percent-encoded sources', () => {
  it('give back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const encoded = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        const key = Buffer.from(bytes).toString('latin1')
        expect(path(0).read(ofUrl(`/${encoded}`))).toBe(key)
        expect(query('k').read(ofUrl(`/?k=${encoded}`))).toBe(key)
        expect(cookie('k').read(ofCookie(`k=${encoded}`))).toBe(key)
      }),
    )
  })

  it('never throw, whatever the client sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        for (const source of [path(0), path(-1), query('k'), cookie('k')]) {
          source.read(fakeRequest({ url: text, headers: { cookie: text } }))
        }
      }),
    )
  })

  it('do not decode what cannot fit', () => {
    expect(path(0, { maxLength: 4 }).read(ofUrl(`/${'%61'.repeat(5)}`))).toMatchObject(BAD)
    expect(path(0, { maxLength: 4 }).read(ofUrl(`/${'%61'.repeat(4)}`))).toBe('aaaa')
  })
})

describe('firstOf', () => {
  it('takes the first source that has a key', () => {
    const source = firstOf(header('x'), query('x'))
    expect(source.read(fakeRequest({ url: '/?x=b' }))).toBe('b')
    expect(source.read(fakeRequest({ url: '/?x=b', headers: { x: 'a' } }))).toBe('a')
    expect(source.read(fakeRequest())).toBeUndefined()
    expect(source.name).toBe('firstOf(header x, query x)')
  })

  it('does not fall back from a problem', () => {
    const request = fakeRequest({ url: '/?x=b', headers: { x: ['a', 'b'] } })
    expect(firstOf(header('x'), query('x')).read(request)).toMatchObject(AMBIGUOUS)
  })

  it('refuses no source, and what is none', () => {
    expect(() => firstOf()).toThrow('option "firstOf": expected at least one key source')
    expect(() => firstOf({} as never)).toThrow('option "firstOf[0]": expected a KeySource')
  })
})

describe('all', () => {
  it('has no key unless each source has one', () => {
    expect(all(fixed('a'), fixed(undefined)).read(fakeRequest())).toBeUndefined()
  })

  it('never joins two different tuples to one key', () => {
    const part = fc.string({ unit: fc.constantFrom('a', ':', '1', '2'), minLength: 1, maxLength: 4 })
    const tuple = fc.array(part, { minLength: 3, maxLength: 3 })
    const joined = (parts: string[]) => all(...parts.map(fixed)).read(fakeRequest())
    fc.assert(
      fc.property(tuple, tuple, (one, other) => {
        expect(joined(one) === joined(other)).toBe(one.join('\n') === other.join('\n'))
      }),
    )
  })
})

describe('map', () => {
  it('changes a key, and leaves no key and problems alone', () => {
    const upper = (source: KeySource) => map(source, (key) => key.toUpperCase())
    expect(upper(fixed('a')).read(fakeRequest())).toBe('A')
    expect(upper(fixed(undefined)).read(fakeRequest())).toBeUndefined()
    expect(upper(header('x')).read(fakeRequest({ headers: { x: ['a', 'b'] } }))).toMatchObject(AMBIGUOUS)
  })

  it.each<[string, () => string | undefined]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['answers no text', () => 7 as never],
    ['answers characters that are no bytes', () => '\u0100'],
  ])('takes a function that %s for a bad key', (_what, change) => {
    expect(map(fixed('a'), change).read(fakeRequest())).toMatchObject(BAD)
  })

  it.each([[() => undefined], [() => '']])('takes no answer for no key', (change) => {
    expect(map(fixed('a'), change).read(fakeRequest())).toBeUndefined()
  })
})
