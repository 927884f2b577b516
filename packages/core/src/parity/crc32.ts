/** For each byte, what it does to a CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320). */
const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** The state of a CRC-32 before any byte. */
export const CRC32_START = -1

/** The state behind `bytes`; not finished, so that it can go on. */
export function crc32Update(state: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    state = (state >>> 8) ^ (TABLE[(state ^ (bytes[i] as number)) & 0xff] as number)
  }
  return state
}

/** The state behind one more byte. */
export function crc32Byte(state: number, byte: number): number {
  return (state >>> 8) ^ (TABLE[(state ^ byte) & 0xff] as number)
}

/** The CRC-32 that a state stands for, an unsigned 32-bit number. */
export function crc32Finish(state: number): number {
  return ~state >>> 0
}

/** The CRC-32 of bytes, as zlib has it. */
export function crc32(bytes: Uint8Array): number {
  return crc32Finish(crc32Update(CRC32_START, bytes))
}
