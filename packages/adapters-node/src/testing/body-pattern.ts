import { createHash } from 'node:crypto'

/** A prime, so that a lost, doubled or swapped piece of any round size changes the hash. */
const PERIOD = 65_521
const period = Buffer.alloc(PERIOD)
for (let index = 0; index < PERIOD; index++) period[index] = (index * index) >>> 5

/** `length` bytes, always the same ones, in pieces of up to 64 KiB: a body of any size that costs no memory. */
export function* bodyPieces(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= PERIOD) yield period.subarray(0, Math.min(left, PERIOD))
}

/** The same bytes at once, for bodies that are sent in one write. */
export function bodyOf(length: number): Buffer {
  return Buffer.concat([...bodyPieces(length)])
}

/** SHA-256 of bytes, in hex. */
export function digest(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
