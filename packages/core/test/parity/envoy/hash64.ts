import { Hash64, type Hash64Function } from '../../../src/parity/envoy/hash64.ts'

/** A hash of bytes as one number. */
export function hashed(hash64: Hash64Function, bytes: Uint8Array, seed = 0n): bigint {
  const hash = split(seed)
  hash64(hash, bytes, 0, bytes.length)
  return joined(hash)
}

/** A number in halves. */
export function split(value: bigint): Hash64 {
  const hash = new Hash64()
  hash.set(Number(value >> 32n), Number(value & 0xffffffffn))
  return hash
}

/** The number that halves stand for. */
export function joined({ high, low }: { readonly high: number; readonly low: number }): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}
