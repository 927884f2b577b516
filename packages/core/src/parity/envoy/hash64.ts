/**
 * A 64-bit number in two halves, each a signed 32-bit integer, which the engine keeps without allocating. It is the seed of a hash before
 * bytes are read into it, and the hash afterwards.
 */
export class Hash64 {
  high = 0
  low = 0

  /** Sets both halves. */
  set(high: number, low: number): void {
    this.high = high | 0
    this.low = low | 0
  }

  /** Adds a number in halves, modulo 2^64. */
  add(high: number, low: number): void {
    const sum = (this.low + low) | 0
    this.high = (this.high + high + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0
    this.low = sum
  }
}

/** Hashes the bytes from `from` to `to` (exclusive) into `hash`. */
export type Hash64Function = (hash: Hash64, bytes: Uint8Array, from: number, to: number) => void

/**
 * The upper half of the product of two unsigned 32-bit numbers, by limbs of 16 bits: a double holds only 53 bits of it, and
 * a BigInt is an object.
 */
export function mulHigh(a: number, b: number): number {
  const low = a & 0xffff
  const high = a >>> 16
  const one = (Math.imul(high, b & 0xffff) + (Math.imul(low, b & 0xffff) >>> 16)) | 0
  const two = (Math.imul(low, b >>> 16) + (one & 0xffff)) | 0
  return (Math.imul(high, b >>> 16) + (one >>> 16) + (two >>> 16)) | 0
}

/** Four bytes as a 32-bit number, the first the lowest. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
