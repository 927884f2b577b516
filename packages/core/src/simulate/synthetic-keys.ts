import { avalanche } from '../hash/key-lanes.ts'

/** What the keys of the bindings look like. @public */
export type SyntheticKeys = 'uuid' | 'sequential'

/** The bytes of the key with an index; valid until the next call. */
export type KeyOf = (index: number) => Uint8Array

const UUID_LENGTH = 36
const MOST_DIGITS = 10
const HEX = new TextEncoder().encode('0123456789abcdef')
const PREFIX = new TextEncoder().encode('session-')
const DASH = 0x2d
const ZERO = 0x30
/** Where the four words of a UUID have their eight digits, dashes passed over. */
const PLACES = [
  [0, 1, 2, 3, 4, 5, 6, 7],
  [9, 10, 11, 12, 14, 15, 16, 17],
  [19, 20, 21, 22, 24, 25, 26, 27],
  [28, 29, 30, 31, 32, 33, 34, 35],
].flat()

/**
 * Keys made from their index, so that none is stored: random UUIDs as of the seed, or `session-0`, `session-1` … All differ. They are
 * written into one buffer, over and over.
 */
export function syntheticKeys(kind: SyntheticKeys, seed: number): KeyOf {
  return kind === 'uuid' ? uuids(seed) : sequentialKeys()
}

function uuids(seed: number): KeyOf {
  const bytes = new Uint8Array(UUID_LENGTH).fill(DASH)
  const words = new Uint32Array(4)
  const [one, two, three] = [1, 2, 3].map((lane) => avalanche(seed ^ (lane * 0x9e3779b1))) as [
    number,
    number,
    number,
  ]
  return (index) => {
    // A bijection of the index, so that no two keys are the same.
    words[0] = avalanche(index ^ one)
    words[1] = avalanche((words[0] as number) + two)
    words[2] = avalanche((words[1] as number) ^ three)
    words[3] = avalanche((words[2] as number) + index)
    // Version 4, variant 1 (RFC 9562, 5.4).
    words[1] = ((words[1] as number) & 0xffff0fff) | 0x4000
    words[2] = ((words[2] as number) & 0x3fffffff) | 0x80000000
    for (let digit = 0; digit < 32; digit++) {
      const nibble = ((words[digit >>> 3] as number) >>> (28 - ((digit & 7) << 2))) & 15
      bytes[PLACES[digit] as number] = HEX[nibble] as number
    }
    return bytes
  }
}

function sequentialKeys(): KeyOf {
  const bytes = new Uint8Array(PREFIX.length + MOST_DIGITS)
  bytes.set(PREFIX)
  // One view for each length, since a key is exactly its bytes.
  const views = Array.from({ length: MOST_DIGITS + 1 }, (_, digits) =>
    bytes.subarray(0, PREFIX.length + digits),
  )
  return (index) => {
    let digits = 1
    for (let rest = index; rest >= 10; rest = (rest / 10) | 0) digits++
    let at = PREFIX.length + digits
    let rest = index
    do {
      const next = (rest / 10) | 0
      bytes[--at] = ZERO + rest - next * 10
      rest = next
    } while (rest > 0)
    return views[digits] as Uint8Array
  }
}
