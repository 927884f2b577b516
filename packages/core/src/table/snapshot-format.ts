import { createHash } from 'node:crypto'
import { StickyError } from '../error.ts'

/**
 * A saved table in bytes, all numbers little endian. A prelude of 16 bytes that no version changes: `LIMPETST`, the version
 * (u32), and the first four bytes of the SHA-256 of both. Then frames: the length of the payload (u32), the payload, and
 * the SHA-256 of the frame's number (u32), length and payload; so a frame that is altered, missing or in another place
 * is seen. The payload begins with its kind:
 *
 * - 1, header: keys (u8: 0 fingerprint, 1 exact), whether addresses are counted (u8), seed (4 i32), time of saving (f64),
 *   bindings then (u32)
 * - 2, bindings: identities not told before, or whose number means another one now: count (u32), each number (u32),
 *   length in bytes (u32), UTF-16; then bindings: count (u32), each fingerprint (3 i32), identity's number (u32), times of
 *   last use, creation and last move (3 f64, NaN = never), with addresses the address's fingerprint (3 i32, all zero =
 *   none), with exact keys the key's length (u8) and bytes
 * - 3, end: number of bindings (f64)
 */
export const SNAPSHOT_VERSION = 1
export const KIND = { header: 1, bindings: 2, end: 3 } as const

const MAGIC = 'LIMPETST'
const CHECKED_BYTES = 12
export const PRELUDE_BYTES = 16
export const DIGEST_BYTES = 32
export const HEADER_BYTES = 31
export const END_BYTES = 9
/** Far above what a slice of bindings takes; a damaged length is not taken at its word. */
export const LONGEST_PAYLOAD: number = 2 ** 26

export function prelude(version: number = SNAPSHOT_VERSION): Buffer {
  const bytes = Buffer.alloc(PRELUDE_BYTES)
  bytes.write(MAGIC, 'latin1')
  bytes.writeUInt32LE(version, MAGIC.length)
  createHash('sha256').update(bytes.subarray(0, CHECKED_BYTES)).digest().copy(bytes, CHECKED_BYTES, 0, 4)
  return bytes
}

/** @throws StickyError `snapshot-damaged`, `snapshot-version` */
export function checkPrelude(bytes: Buffer): void {
  const version = bytes.readUInt32LE(MAGIC.length)
  if (!bytes.equals(prelude(version))) throw damaged('it does not begin as one')
  if (version > SNAPSHOT_VERSION) {
    throw new StickyError(
      'snapshot-version',
      `the snapshot has version ${version}, and this Limpet reads up to ${SNAPSHOT_VERSION}: restore it with the version that saved it`,
    )
  }
}

/** Payload, number and length of a frame → its digest. */
export function digestOf(sequence: number, payload: Uint8Array): Buffer {
  const place = Buffer.alloc(8)
  place.writeUInt32LE(sequence, 0)
  place.writeUInt32LE(payload.length, 4)
  return createHash('sha256').update(place).update(payload).digest()
}

export function frame(sequence: number, payload: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(payload.length)
  return Buffer.concat([length, payload, digestOf(sequence, payload)])
}

export function damaged(how: string, cause?: unknown): StickyError {
  return new StickyError(
    'snapshot-damaged',
    `the snapshot of the sticky table is damaged: ${how}`,
    cause === undefined ? undefined : { cause },
  )
}
