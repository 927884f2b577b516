import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressText } from '../../../src/discovery/dns/address-text.ts'
import { decodeMessage } from '../../../src/discovery/dns/decode.ts'
import { encodeQuery } from '../../../src/discovery/dns/encode.ts'
import { StickyError } from '../../../src/error.ts'
import { decodeQuery, encodeMessage, type TestRecord } from '../../support/dns-wire.ts'

const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9-]{0,8}[a-z0-9])?$/)
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))
const byte = fc.integer({ min: 0, max: 255 })
const word = fc.integer({ min: 0, max: 65_535 })
const ttl = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const record: fc.Arbitrary<TestRecord> = fc.oneof(
  fc.record({
    name,
    ttl,
    type: fc.constant('A' as const),
    data: fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.')),
  }),
  fc.record({ name, ttl, type: fc.constant('CNAME' as const), data: name }),
  fc.record({
    name,
    ttl,
    type: fc.constant('SRV' as const),
    data: fc.tuple(word, word, word, name).map((parts) => parts.join(' ')),
  }),
  fc.record({ name, ttl, type: fc.constant('SOA' as const), data: ttl.map(String) }),
)

/** A header with the given counts, and whatever follows. */
function message(counts: readonly number[], ...rest: number[]): Buffer {
  const header = Buffer.alloc(12)
  for (const [index, count] of [0x1234, 0x8180, ...counts].entries()) header.writeUInt16BE(count, index * 2)
  return Buffer.concat([header, Buffer.from(rest)])
}

const decodes = (bytes: Buffer) => {
  try {
    decodeMessage(bytes)
    return true
  } catch (error) {
    // Every other error is a mistake of the decoder's own.
    expect(error).toBeInstanceOf(StickyError)
    expect((error as StickyError).code).toBe('dns')
    return false
  }
}

describe('decodeMessage', () => {
  it('reads what another encoder wrote, compressed names included', () => {
    fc.assert(
      fc.property(word, fc.array(record, { maxLength: 12 }), name, (id, answers, question) => {
        const encoded = encodeMessage({ id, answers, questions: [{ name: question, type: 1 }], opt: 0 })
        const decoded = decodeMessage(encoded)
        expect(decoded.id).toBe(id)
        expect(decoded.questions).toEqual([{ name: question, type: 1, class: 1 }])
        const shown = decoded.answers.map(({ name: owner, ttlS, data }) => {
          const text =
            data.type === 'SRV'
              ? `${data.priority} ${data.weight} ${data.port} ${data.target}`
              : data.type === 'CNAME'
                ? data.target
                : data.type === 'SOA'
                  ? String(data.minimumS)
                  : 'address' in data
                    ? data.address
                    : ''
          return { name: owner, ttl: ttlS, type: data.type, data: text }
        })
        expect(shown).toEqual(answers)
      }),
    )
  })

  it('answers or throws a dns error for any bytes whatever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        decodes(Buffer.from(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  it('answers or throws a dns error for a message with bytes changed, and for one cut short', () => {
    const change = fc.tuple(fc.nat(), byte)
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 8 }),
        fc.array(change, { maxLength: 6 }),
        fc.nat(),
        (answers, changes, length) => {
          const bytes = encodeMessage({ id: 1, questions: [{ name: 'web.test', type: 1 }], answers, opt: 0 })
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          decodes(bytes)
          decodes(bytes.subarray(0, length % bytes.length))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('refuses every message that ends before its last record does', () => {
    const answers = [{ name: 'web.test', type: 'SRV', ttl: 5, data: '0 1 80 pod.test' }] as const
    const bytes = encodeMessage({ id: 1, questions: [{ name: 'web.test', type: 33 }], answers, opt: 0 })
    expect(decodes(bytes)).toBe(true)
    for (let length = 0; length < bytes.length; length++)
      expect(decodes(bytes.subarray(0, length))).toBe(false)
  })

  it.each([
    ['a pointer to itself', message([1, 0, 0, 0], 0xc0, 12, 0, 1, 0, 1)],
    ['a pointer forward', message([1, 0, 0, 0], 0xc0, 14, 0, 0, 1, 0, 1)],
    ['two pointers at each other', message([2, 0, 0, 0], 0xc0, 14, 0xc0, 12, 0, 1, 0, 1)],
    ['a label and a pointer back to it', message([1, 0, 0, 0], 1, 97, 0xc0, 12, 0, 1, 0, 1)],
    ['a label of unknown type', message([1, 0, 0, 0], 0x41, 0, 0, 1, 0, 1)],
    ['counts that nothing stands for', message([65_535, 65_535, 65_535, 65_535])],
    ['an address of five bytes', message([0, 1, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 5, 1, 2, 3, 4, 5)],
    ['an address of three bytes', message([0, 1, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 3, 1, 2, 3, 4)],
    [
      'two OPT records',
      message([0, 0, 0, 2], ...[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]),
    ],
    ['an OPT record among the answers', message([0, 1, 0, 0], 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0)],
  ])('refuses %s', (_what, bytes) => {
    expect(decodes(bytes)).toBe(false)
  })

  it('refuses a name of more than 255 bytes, put together by pointers or not', () => {
    const long = Array.from({ length: 4 }, () => [63, ...Buffer.alloc(63, 97)]).flat()
    expect(decodes(message([1, 0, 0, 0], ...long, 0, 0, 1, 0, 1))).toBe(false)
    expect(
      decodes(message([1, 0, 0, 0], ...long.slice(0, 192), 61, ...Buffer.alloc(61, 97), 0, 0, 1, 0, 1)),
    ).toBe(true)
  })

  it('is quick about a message that is nothing but pointers at pointers', () => {
    // As many records as fit, each by a chain of pointers as long as may be.
    const chain = [
      0,
      ...Array.from({ length: 120 }, (_, index) => [0xc0, index === 0 ? 12 : 13 + (index - 1) * 2]).flat(),
    ]
    const records = Array.from({ length: 4_000 }, () => [
      0xc0,
      13 + 119 * 2,
      0,
      99,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
    ]).flat()
    expect(decodes(message([0, 0, 0, 0], ...chain, ...records))).toBe(true)
  })

  it('takes a compressed SRV target, which RFC 2782 forbids and some servers write', () => {
    const question = [3, 119, 101, 98, 0, 0, 33, 0, 1]
    const { answers } = decodeMessage(
      message(
        [1, 1, 0, 0],
        ...question,
        0xc0,
        12,
        0,
        33,
        0,
        1,
        0,
        0,
        0,
        5,
        0,
        8,
        0,
        0,
        0,
        1,
        0,
        80,
        0xc0,
        12,
      ),
    )
    expect(answers[0]?.data).toEqual({ type: 'SRV', priority: 0, weight: 1, port: 80, target: 'web' })
  })

  it('skips records of other types and classes, and escapes what stands in no host name', () => {
    const text = [0, 0, 16, 0, 1, 0, 0, 0, 5, 0, 2, 1, 97]
    const chaos = [0, 0, 1, 0, 3, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4]
    const odd = [3, 0x2e, 0x41, 0xff, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4]
    const { answers } = decodeMessage(message([0, 3, 0, 0], ...text, ...chaos, ...odd))
    expect(answers).toEqual([{ name: '\\046a\\255', ttlS: 5, data: { type: 'A', address: '1.2.3.4' } }])
  })

  it('takes a TTL with its highest bit set for the longest one, and adds the upper bits of the response code', () => {
    const answer = [0, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 4, 1, 2, 3, 4]
    const decoded = decodeMessage(message([0, 1, 0, 1], ...answer, 0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0))
    expect(decoded.answers[0]?.ttlS).toBe(2 ** 31 - 1)
    expect(decoded.rcode).toBe(16)
  })
})

describe('encodeQuery', () => {
  it('writes one question and, with EDNS0, a payload of 1232 bytes', () => {
    const query = encodeQuery(7, 'Web.Test.', 'SRV', 'edns')
    expect(decodeQuery(query)).toEqual({ id: 7, name: 'web.test', type: 33, payload: 1_232 })
    expect(decodeQuery(encodeQuery(7, 'web.test', 'A', 'plain')).payload).toBeUndefined()
    const { isResponse, questions } = decodeMessage(query)
    expect([isResponse, questions]).toEqual([false, [{ name: 'web.test', type: 33, class: 1 }]])
  })
})

describe('addressText', () => {
  it.each([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['10.0.255.1', [10, 0, 255, 1]],
    ['::', Array<number>(16).fill(0)],
    ['::1', [...Array<number>(15).fill(0), 1]],
    ['fd00::', [0xfd, ...Array<number>(15).fill(0)]],
    ['2001:db8::1:0:0:1', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]],
    ['2001:db8:0:1:1:1:1:1', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
  ])('writes %s', (text, bytes) => {
    expect(addressText(Uint8Array.from(bytes))).toBe(text)
  })
})
