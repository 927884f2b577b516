import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkedDecoder } from '../../src/upstream/chunked-decoder.ts'

/** Feeds text in pieces; answers the body, trailers, what was left over, or what is wrong. */
function decode(text: string, cuts: readonly number[] = []) {
  const decoder = new ChunkedDecoder()
  const bytes = Buffer.from(text, 'latin1')
  const body: Buffer[] = []
  const bounds = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let used = 0
  for (let i = 1; i < bounds.length && !decoder.isDone; i++) {
    const piece = bytes.subarray(bounds[i - 1], bounds[i])
    const read = decoder.read(piece, { data: (chunk) => body.push(Buffer.from(chunk)) })
    if (typeof read === 'string') return { wrong: read }
    used += read
  }
  return {
    body: Buffer.concat(body).toString('latin1'),
    trailers: decoder.trailers,
    isDone: decoder.isDone,
    used,
  }
}

describe('ChunkedDecoder', () => {
  it('takes chunks, extensions and trailers apart', () => {
    const text = '4\r\nwiki\r\n5;a=b\r\npedia\r\n0\r\nX-Sum: 1 \r\nY: 2\r\n\r\n'
    expect(decode(text)).toEqual({
      body: 'wikipedia',
      trailers: ['X-Sum', '1', 'Y', '2'],
      isDone: true,
      used: text.length,
    })
  })

  it('hands on in one part what came in one read, however small its chunks', () => {
    const parts: string[] = []
    const listener = { data: (part: Buffer) => parts.push(part.toString()) }
    const decoder = new ChunkedDecoder()
    decoder.read(Buffer.from('1\r\na\r\n1\r\nb\r\n2\r\nc'), listener)
    decoder.read(Buffer.from('d\r\n'), listener)
    decoder.read(Buffer.from('0\r\n\r\n'), listener)
    expect(parts).toEqual(['abc', 'd'])
  })

  it('takes no byte of UTF-8 text off a trailer', () => {
    expect(decode('0\r\nX:\t\xc3\xa0 \r\n\r\n')).toMatchObject({ trailers: ['X', '\xc3\xa0'] })
  })

  it('leaves what comes behind the message', () => {
    expect(decode('1\r\na\r\n0\r\n\r\nHTTP/1.1')).toMatchObject({ body: 'a', isDone: true, used: 11 })
  })

  it('reads the same wherever the stream is cut', () => {
    const chunk = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .map((text) => Buffer.from(text).toString('latin1'))
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (chunks, cuts) => {
          const text = `${chunks.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
          expect(decode(text, cuts)).toEqual({
            body: chunks.join(''),
            trailers: [],
            isDone: true,
            used: text.length,
          })
        },
      ),
    )
  })

  it.each([
    ['\r\n'],
    ['g\r\n'],
    ['-1\r\n'],
    ['+1\r\na'],
    ['0x1\r\na'],
    [' 1\r\na'],
    ['1\na'],
    ['1\r\nab\r\n'],
    ['1\r\na\n0\r\n\r\n'],
    ['1;\0\r\na'],
    ['fffffffffffff\r\n'],
    ['0\r\nno colon\r\n\r\n'],
    ['0\r\na b: c\r\n\r\n'],
    ['0\r\n folded\r\n\r\n'],
    [`1;${'x'.repeat(5_000)}\r\na`],
    [`0\r\n${'a: b\r\n'.repeat(5_000)}\r\n`],
  ])('refuses %j', (text) => {
    expect(decode(text)).toHaveProperty('wrong')
  })

  it('is not done while something is missing', () => {
    expect(decode('4\r\nwi')).toMatchObject({ body: 'wi', isDone: false })
    expect(decode('4\r\nwiki\r\n0\r\n')).toMatchObject({ isDone: false })
  })
})
