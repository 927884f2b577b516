import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CRC32_START, crc32, crc32Byte, crc32Finish, crc32Update } from '../../src/parity/crc32.ts'

it('is the CRC-32 of zlib, in one go and in pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (head, tail) => {
      const expected = zlibCrc32(Buffer.concat([head, tail]))
      expect(crc32(Buffer.concat([head, tail]))).toBe(expected)
      expect(crc32Finish(crc32Update(crc32Update(CRC32_START, head), tail))).toBe(expected)
      const byByte = [...head, ...tail].reduce(crc32Byte, CRC32_START)
      expect(crc32Finish(byByte)).toBe(expected)
    }),
  )
})
