import { type Hash64, mulHigh, wordAt } from './hash64.ts'

// The primes of XXH64 in halves.
const P1H = 0x9e3779b1
const P1L = 0x85ebca87
const P2H = 0xc2b2ae3d
const P2L = 0x27d4eb4f
const P3H = 0x165667b1
const P3L = 0x9e3779f9
const P4H = 0x85ebca77
const P4L = 0xc2b2ae63
const P5H = 0x27d4eb2f
const P5L = 0x165667c5

/** Bytes that the four lanes read together. */
const STRIPE = 32

/** The high and low half of each lane while stripes are read; of nobody between calls. */
const lanes = new Int32Array(8)

/** By how many bits each lane is turned before the four are added. */
const TURNS = Int32Array.of(1, 7, 12, 18)

/**
 * XXH64 (Yann Collet, doc/xxhash_spec.md) of the bytes from `from` to `to` (exclusive), on 32-bit halves. What `hash` holds is the seed,
 * so that hashes chain. Allocates nothing.
 *
 * Products are written out: a function for them would have to answer two halves, that is, allocate or go through memory.
 */
export function xxh64(hash: Hash64, bytes: Uint8Array, from: number, to: number): void {
  let at = from
  if (to - from >= STRIPE) {
    startLanes(hash)
    for (; at + STRIPE <= to; at += STRIPE) readStripe(bytes, at)
    mergeLanes(hash)
  } else {
    hash.add(P5H, P5L)
  }
  hash.add(0, to - from)
  at = readWords(hash, bytes, at, to)
  let { high, low } = hash
  for (; at < to; at++) {
    const byte = bytes[at] as number
    high ^= (mulHigh(byte, P5L) + Math.imul(byte, P5H)) | 0
    low ^= Math.imul(byte, P5L)
    const turned = (low << 11) | (high >>> 21)
    high = (high << 11) | (low >>> 21)
    high = (mulHigh(turned, P1L) + Math.imul(high, P1L) + Math.imul(turned, P1H)) | 0
    low = Math.imul(turned, P1L)
  }
  low ^= high >>> 1
  high = (mulHigh(low, P2L) + Math.imul(high, P2L) + Math.imul(low, P2H)) | 0
  low = Math.imul(low, P2L)
  low ^= (low >>> 29) | (high << 3)
  high ^= high >>> 29
  high = (mulHigh(low, P3L) + Math.imul(high, P3L) + Math.imul(low, P3H)) | 0
  hash.set(high, Math.imul(low, P3L) ^ high)
}

function startLanes(hash: Hash64): void {
  const { high, low } = hash
  setLane(2, hash)
  hash.add(~P1H, -P1L)
  setLane(3, hash)
  hash.set(high, low)
  hash.add(P2H, P2L)
  setLane(1, hash)
  hash.add(P1H, P1L)
  setLane(0, hash)
}

function setLane(lane: number, { high, low }: Hash64): void {
  lanes[lane * 2] = high
  lanes[lane * 2 + 1] = low
}

/** Each lane: plus its eight bytes times the second prime, turned by 31 bits, times the first prime. */
function readStripe(bytes: Uint8Array, at: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    const inLow = wordAt(bytes, at + lane * 4)
    const inHigh = wordAt(bytes, at + lane * 4 + 4)
    let high = (mulHigh(inLow, P2L) + Math.imul(inHigh, P2L) + Math.imul(inLow, P2H)) | 0
    const product = Math.imul(inLow, P2L)
    const sum = (product + (lanes[lane + 1] as number)) | 0
    high = (high + (lanes[lane] as number) + (sum >>> 0 < product >>> 0 ? 1 : 0)) | 0
    const low = (sum << 31) | (high >>> 1)
    high = (high << 31) | (sum >>> 1)
    lanes[lane] = (mulHigh(low, P1L) + Math.imul(high, P1L) + Math.imul(low, P1H)) | 0
    lanes[lane + 1] = Math.imul(low, P1L)
  }
}

function mergeLanes(hash: Hash64): void {
  hash.set(0, 0)
  for (let lane = 0; lane < 8; lane += 2) {
    const bits = TURNS[lane >> 1] as number
    const high = lanes[lane] as number
    const low = lanes[lane + 1] as number
    hash.add((high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits)))
  }
  let { high, low } = hash
  for (let lane = 0; lane < 8; lane += 2) {
    const inLow = lanes[lane + 1] as number
    const product = Math.imul(inLow, P2L)
    const upper = (mulHigh(inLow, P2L) + Math.imul(lanes[lane] as number, P2L) + Math.imul(inLow, P2H)) | 0
    const turned = (product << 31) | (upper >>> 1)
    const turnedHigh = (upper << 31) | (product >>> 1)
    high ^= (mulHigh(turned, P1L) + Math.imul(turnedHigh, P1L) + Math.imul(turned, P1H)) | 0
    low ^= Math.imul(turned, P1L)
    high = (mulHigh(low, P1L) + Math.imul(high, P1L) + Math.imul(low, P1H) + P4H) | 0
    low = (Math.imul(low, P1L) + P4L) | 0
    if (low >>> 0 < P4L) high = (high + 1) | 0
  }
  hash.high = high
  hash.low = low
}

/** The eight bytes at a time, and then four, that are left behind the stripes. */
function readWords(hash: Hash64, bytes: Uint8Array, from: number, to: number): number {
  let at = from
  for (; at + 8 <= to; at += 8) {
    mixIn(hash, wordAt(bytes, at + 4), wordAt(bytes, at))
    turn(hash, 27)
    multiplyAndAdd(hash, P1H, P1L, P4H, P4L)
  }
  if (at + 4 > to) return at
  const word = wordAt(bytes, at)
  hash.high ^= (mulHigh(word, P1L) + Math.imul(word, P1H)) | 0
  hash.low ^= Math.imul(word, P1L)
  turn(hash, 23)
  multiplyAndAdd(hash, P2H, P2L, P3H, P3L)
  return at + 4
}

/** Exclusive or with a number times the second prime, turned by 31 bits, times the first prime. */
function mixIn(hash: Hash64, inHigh: number, inLow: number): void {
  const high = (mulHigh(inLow, P2L) + Math.imul(inHigh, P2L) + Math.imul(inLow, P2H)) | 0
  const product = Math.imul(inLow, P2L)
  const low = (product << 31) | (high >>> 1)
  const turned = (high << 31) | (product >>> 1)
  hash.high ^= (mulHigh(low, P1L) + Math.imul(turned, P1L) + Math.imul(low, P1H)) | 0
  hash.low ^= Math.imul(low, P1L)
}

/** To the left, by 1 to 31 bits. */
function turn(hash: Hash64, bits: number): void {
  const { high, low } = hash
  hash.high = (high << bits) | (low >>> (32 - bits))
  hash.low = (low << bits) | (high >>> (32 - bits))
}

function multiplyAndAdd(hash: Hash64, byHigh: number, byLow: number, high: number, low: number): void {
  const own = hash.low
  hash.high = (mulHigh(own, byLow) + Math.imul(hash.high, byLow) + Math.imul(own, byHigh)) | 0
  hash.low = Math.imul(own, byLow)
  hash.add(high, low)
}
