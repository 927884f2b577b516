/**
 * HAProxy's `full_hash` (Thomas Wang's 32-bit integer hash and one more step): its `avalanche`, and what spreads a server's nodes over
 * the ring. A bijection of unsigned 32-bit numbers; allocates nothing.
 */
export function fullHash(value: number): number {
  let a = value | 0
  a = (a + 0x7ed55d16 + (a << 12)) | 0
  a = a ^ 0xc761c23c ^ (a >>> 19)
  a = (a + 0x165667b1 + (a << 5)) | 0
  a = (a + 0xd3a2646c) ^ (a << 9)
  a = (a + 0xfd7046c5 + (a << 3)) | 0
  a = a ^ 0xb55a4f09 ^ (a >>> 16)
  return Math.imul(a, 0xc0000001) >>> 0
}
