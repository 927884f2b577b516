import { crc32 } from '../crc32.ts'
import { fullHash } from './full-hash.ts'

/** The hash functions of `hash-type`; `none` (HAProxy 2.9 and later) takes the key for a decimal number. @public */
export type HaproxyHashFunction = 'sdbm' | 'djb2' | 'wt6' | 'crc32' | 'none'

/** What HAProxy makes of a key's bytes: an unsigned 32-bit number. */
export type KeyHash = (key: Uint8Array) => number

export const HASH_FUNCTIONS: readonly HaproxyHashFunction[] = ['sdbm', 'djb2', 'wt6', 'crc32', 'none']

const FUNCTIONS: Readonly<Record<HaproxyHashFunction, KeyHash>> = { sdbm, djb2, wt6, crc32, none }

/** The hash of `hash-type … <fn> [avalanche]`. */
export function keyHash(fn: HaproxyHashFunction, avalanche: boolean): KeyHash {
  return avalanched(FUNCTIONS[fn], avalanche)
}

/**
 * The hash of `balance source`, which takes no notice of the function that `hash-type` names: the address's 32-bit words, in network
 * order, combined by exclusive or.
 */
export function addressHash(avalanche: boolean): KeyHash {
  return avalanched(words, avalanche)
}

function avalanched(hash: KeyHash, avalanche: boolean): KeyHash {
  return avalanche ? (key) => fullHash(hash(key)) : hash
}

function sdbm(key: Uint8Array): number {
  let h = 0
  for (let i = 0; i < key.length; i++) h = (Math.imul(h, 65_599) + (key[i] as number)) | 0
  return h >>> 0
}

function djb2(key: Uint8Array): number {
  let h = 5381
  for (let i = 0; i < key.length; i++) h = (Math.imul(h, 33) + (key[i] as number)) | 0
  return h >>> 0
}

/** A rotation by 0 is what x86 makes of C's undefined shift by 32; another machine's HAProxy could differ. */
function wt6(key: Uint8Array): number {
  let h0 = 0xa53c965a | 0
  let h1 = 0x5ca6953a
  let step0 = 6
  let step1 = 18
  for (let i = 0; i < key.length; i++) {
    h0 = ~(h0 ^ (key[i] as number))
    h1 = ~(h1 + (key[i] as number))
    const turned = (h1 << step0) | (h1 >>> (32 - step0))
    h1 = (h0 << step1) | (h0 >>> (32 - step1))
    h0 = turned
    const steps = ((h0 >>> 16) ^ h1) & 0xffff
    step0 = steps & 0x1f
    step1 = steps >>> 11
  }
  return (h0 ^ h1) >>> 0
}

const PLUS = 0x2b
const MINUS = 0x2d
const ZERO = 0x30

/** The low 32 bits of the number in front, read as a signed 64-bit one that stops at its limits. */
function none(key: Uint8Array): number {
  const isNegative = key[0] === MINUS
  let low = 0
  let size = 0
  for (let i = isNegative || key[0] === PLUS ? 1 : 0; i < key.length; i++) {
    const digit = (key[i] as number) - ZERO
    if (digit < 0 || digit > 9) break
    low = (Math.imul(low, 10) + digit) | 0
    size = size * 10 + digit
    // Near 2^63 a double cannot tell; the digits can.
    if (size >= 9.2e18 && isOverInt64(key, i)) return isNegative ? 0 : 0xffffffff
  }
  return (isNegative ? -low : low) >>> 0
}

const LARGEST = '9223372036854775807'

/** Whether the digits up to `last` are more than the largest signed 64-bit number; only called for those near to it or over it. */
function isOverInt64(key: Uint8Array, last: number): boolean {
  let from = key[0] === MINUS || key[0] === PLUS ? 1 : 0
  while (from < last && key[from] === ZERO) from++
  const digits = last - from + 1
  if (digits !== LARGEST.length) return digits > LARGEST.length
  for (let i = 0; i < digits; i++) {
    const difference = (key[from + i] as number) - LARGEST.charCodeAt(i)
    if (difference !== 0) return difference > 0
  }
  return false
}

function words(address: Uint8Array): number {
  let h = 0
  for (let i = 0; i + 4 <= address.length; i += 4) {
    h ^=
      ((address[i] as number) << 24) |
      ((address[i + 1] as number) << 16) |
      ((address[i + 2] as number) << 8) |
      (address[i + 3] as number)
  }
  return h >>> 0
}
