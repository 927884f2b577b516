/**
 * MurmurHash3_x86_32 of a text's latin1 bytes (Austin Appleby, public domain algorithm; vectors in the test). A character
 * above 0xFF counts as its low byte; keys have none. Allocates nothing.
 */
export function murmur3(text: string, seed: number): number {
  const length = text.length
  const whole = length & ~3
  let h = seed | 0
  for (let i = 0; i < whole; i += 4) {
    h ^= scramble(
      (text.charCodeAt(i) & 0xff) |
        ((text.charCodeAt(i + 1) & 0xff) << 8) |
        ((text.charCodeAt(i + 2) & 0xff) << 16) |
        ((text.charCodeAt(i + 3) & 0xff) << 24),
    )
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | (text.charCodeAt(i) & 0xff)
  if (whole < length) h ^= scramble(tail)
  return finish(h ^ length)
}

/** The finalizer of MurmurHash3: every bit of the input changes every bit of the result with a chance of a half. */
export function finish(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function scramble(k: number): number {
  k = Math.imul(k, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}
