import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipBytes } from '../../../src/parity/haproxy/ip-bytes.ts'
import { addressHash, keyHash } from '../../../src/parity/haproxy/string-hash.ts'
import { xxh32 } from '../../../src/parity/haproxy/xxh32.ts'

const bytes = (text: string) => Buffer.from(text)
const wide = BigInt.asUintN.bind(undefined, 32)

describe('the functions of hash-type', () => {
  it('are what their formulas say, in numbers without a width', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (key) => {
        const fold = (start: bigint, step: (h: bigint, c: bigint) => bigint) =>
          Number([...key].reduce((h, c) => wide(step(h, BigInt(c))), start))
        expect(keyHash('sdbm', false)(key)).toBe(fold(0n, (h, c) => c + (h << 6n) + (h << 16n) - h))
        expect(keyHash('djb2', false)(key)).toBe(fold(5381n, (h, c) => h * 33n + c))
        expect(keyHash('crc32', false)(key)).toBe(crc32(key))
      }),
    )
  })

  it('none reads a signed 64-bit number that stops at its limits', () => {
    const none = keyHash('none', false)
    const edges = fc.bigInt({ min: 2n ** 63n - 3000n, max: 2n ** 63n + 3000n })
    const number = fc.oneof(
      edges,
      fc.bigInt({ min: 0n, max: 2n ** 70n }),
      fc.bigInt({ min: 0n, max: 2n ** 33n }),
    )
    const tail = fc.constantFrom('', 'x', ' 9', '.5', '-')
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        fc.constantFrom('', '0', '0000'),
        number,
        tail,
        (sign, zeros, size, end) => {
          const limit = sign === '-' ? 2n ** 63n : 2n ** 63n - 1n
          const value = size > limit ? limit : size
          expect(none(bytes(`${sign}${zeros}${size}${end}`))).toBe(
            Number(wide(sign === '-' ? -value : value)),
          )
        },
      ),
    )
    for (let over = -2000n; over < 2000n; over++) {
      const expected = over < 0n ? Number(wide(2n ** 63n + over)) : 0xffffffff
      expect(none(bytes(String(2n ** 63n + over))), String(over)).toBe(expected)
    }
    for (const text of ['', '-', '+', 'a', '--1', ' 1']) expect(none(bytes(text))).toBe(0)
  })

  it('the hash of addresses combines words in network order', () => {
    const hash = addressHash(false)
    expect(hash(bytes('\x7f\x00\x00\x01'))).toBe(0x7f000001)
    expect(hash(ipBytes('2001:db8::1:0:1') as Uint8Array)).toBe(0x20010db8 ^ 1 ^ 1)
    expect(hash(ipBytes('ffff::') as Uint8Array)).toBe(0xffff0000)
  })
})

it.each([
  ['', 0, 0x02cc5d05],
  ['a', 0, 0x550d7456],
  ['abc', 0, 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
])('xxh32 of %j', (text, seed, hash) => {
  expect(xxh32(bytes(text), seed)).toBe(hash)
})

describe('addresses', () => {
  it.each([
    ['127.0.0.1', '7f000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:DB8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ])('%s', (text, hex) => {
    expect(Buffer.from(ipBytes(text) as Uint8Array).toString('hex')).toBe(hex)
  })

  it.each([
    '',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
    '1.2.3.4::',
    '::12345',
    '::g',
    '::1%eth0',
    '1:2:3:4:5:6:7::8:9',
  ])('but not %j', (text) => {
    expect(ipBytes(text)).toBeUndefined()
  })
})
