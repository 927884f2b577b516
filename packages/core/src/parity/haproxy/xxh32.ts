const P1 = 0x9e3779b1
const P2 = 0x85ebca77
const P3 = 0xc2b2ae3d
const P4 = 0x27d4eb2f
const P5 = 0x165667b1

/**
 * XXH32 of bytes under a seed (Yann Collet, xxHash's specification of the algorithm; vectors in the test): what HAProxy makes of a `guid`
 * and of an IPv6 address.
 */
export function xxh32(bytes: Uint8Array, seed: number): number {
  const { length } = bytes
  let at = 0
  let h = (seed + P5) | 0
  if (length >= 16) {
    let a = (seed + P1 + P2) | 0
    let b = (seed + P2) | 0
    let c = seed | 0
    let d = (seed - P1) | 0
    for (; at + 16 <= length; at += 16) {
      a = round(a, word(bytes, at))
      b = round(b, word(bytes, at + 4))
      c = round(c, word(bytes, at + 8))
      d = round(d, word(bytes, at + 12))
    }
    h = (rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18)) | 0
  }
  h = (h + length) | 0
  for (; at + 4 <= length; at += 4) h = Math.imul(rotated((h + Math.imul(word(bytes, at), P3)) | 0, 17), P4)
  for (; at < length; at++) h = Math.imul(rotated((h + Math.imul(bytes[at] as number, P5)) | 0, 11), P1)
  h = Math.imul(h ^ (h >>> 15), P2)
  h = Math.imul(h ^ (h >>> 13), P3)
  return (h ^ (h >>> 16)) >>> 0
}

function round(lane: number, input: number): number {
  return Math.imul(rotated((lane + Math.imul(input, P2)) | 0, 13), P1)
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

/** Four bytes as a little-endian number. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
