import { sensitiveHeaders } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { http2Fields, http2Trailers, withoutDoubles } from '../../src/headers/http2-fields.ts'

describe('http2Fields', () => {
  it('writes names in lower case and keeps every value in order', () => {
    expect({
      ...http2Fields(['X-A', '1', 'Set-Cookie', 'a', 'x-a', '2', 'set-cookie', 'b', 'x-a', '3']),
    }).toEqual({
      'x-a': ['1', '2', '3'],
      'set-cookie': ['a', 'b'],
    })
  })

  it('takes a name for a name, whatever objects have by that name', () => {
    const fields = http2Fields(['__proto__', '1', 'constructor', '2', '__proto__', '3'])
    expect(Object.entries(fields)).toEqual([
      ['__proto__', ['1', '3']],
      ['constructor', '2'],
    ])
  })

  it('hands on what is never to be indexed, also without doubles', () => {
    const raw = Object.assign(['X-A', '1', 'x-a', '1'], { [sensitiveHeaders]: ['x-a'] })
    const fields = withoutDoubles(http2Fields(raw))
    expect(fields['x-a']).toEqual(['1'])
    expect((fields as never)[sensitiveHeaders]).toEqual(['x-a'])
  })
})

describe('withoutDoubles', () => {
  it('leaves Set-Cookie and differing values', () => {
    expect({ ...withoutDoubles({ 'set-cookie': ['a', 'a'], x: ['1', '2', '1'], y: '1' }) }).toEqual({
      'set-cookie': ['a', 'a'],
      x: ['1', '2'],
      y: '1',
    })
  })
})

describe('http2Trailers', () => {
  it('joins the values of a repeated name', () => {
    expect({ ...http2Trailers(['X-Sum', '1', 'etag', 'a', 'x-sum', '2']) }).toEqual({
      'x-sum': '1, 2',
      etag: 'a',
    })
  })
})
