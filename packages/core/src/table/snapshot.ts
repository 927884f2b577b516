import type { Identity } from '../endpoint/endpoint.ts'
import type { Bindings } from './bindings.ts'
import type { SliceOptions } from './capabilities.ts'
import { nextTurn, SLOTS_PER_SLICE } from './slices.ts'
import { END_BYTES, frame, HEADER_BYTES, KIND, prelude } from './snapshot-format.ts'

const RECORD_BYTES = 40
const ADDRESS_BYTES = 12

/** A table as bytes, a slice of slots for each piece. `bindings` and `now` are asked at each slice. */
export async function* snapshotPieces(
  bindings: () => Bindings,
  now: () => number,
  { signal, onProgress }: SliceOptions = {},
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  const saved = bindings()
  let sequence = 0
  yield Buffer.concat([prelude(), frame(sequence++, header(saved, now()))])
  const told = new Map<number, Identity>()
  let count = 0
  // After a clear() there is nothing left to save, and what is bound anew would have another numbering.
  for (let from = 1; bindings() === saved && from < saved.rows.end; from += SLOTS_PER_SLICE) {
    if (from > 1) await nextTurn()
    signal?.throwIfAborted()
    const slots = standingSlots(saved, now(), from)
    if (slots.length > 0) yield frame(sequence++, payload(saved, slots, told))
    count += slots.length
    onProgress?.({ done: Math.min(from + SLOTS_PER_SLICE, saved.rows.end) - 1, total: saved.rows.end - 1 })
  }
  const end = Buffer.alloc(END_BYTES)
  end[0] = KIND.end
  end.writeDoubleLE(count, 1)
  yield frame(sequence, end)
}

function header({ shape, size }: Bindings, now: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes[0] = KIND.header
  bytes[1] = shape.keys === 'exact' ? 1 : 0
  bytes[2] = shape.countsAddresses ? 1 : 0
  for (const [index, word] of shape.seed.entries()) bytes.writeInt32LE(word, 3 + 4 * index)
  bytes.writeDoubleLE(now, 19)
  bytes.writeUInt32LE(size, 27)
  return bytes
}

function standingSlots(bindings: Bindings, now: number, from: number): number[] {
  const { rows } = bindings
  const slots: number[] = []
  const end = Math.min(from + SLOTS_PER_SLICE, rows.end)
  for (let slot = from; slot < end; slot++) {
    if (rows.identity(slot) !== 0 && !bindings.isExpired(slot, now)) slots.push(slot)
  }
  return slots
}

function payload(bindings: Bindings, slots: readonly number[], told: Map<number, Identity>): Buffer {
  const parts: Buffer[] = [identitiesOf(bindings, slots, told)]
  const { rows, addresses } = bindings
  const count = Buffer.alloc(4)
  count.writeUInt32LE(slots.length)
  parts.push(count)
  const record = Buffer.alloc((RECORD_BYTES + (addresses ? ADDRESS_BYTES : 0)) * slots.length)
  const keys: Buffer[] = []
  let at = 0
  for (const slot of slots) {
    const start = at
    for (let word = 0; word < 3; word++) at = record.writeInt32LE(rows.fingerprintWord(slot, word), at)
    at = record.writeUInt32LE(rows.identity(slot), at)
    at = record.writeDoubleLE(rows.usedAt(slot), at)
    at = record.writeDoubleLE(rows.createdAt(slot), at)
    at = record.writeDoubleLE(rows.movedAt.at(slot), at)
    if (addresses !== undefined) {
      const address = bindings.address(slot)
      for (let word = 0; word < 3; word++) {
        at = record.writeInt32LE(address === 0 ? 0 : addresses.fingerprintWord(address, word), at)
      }
    }
    const key = bindings.key(slot)
    if (key !== undefined) {
      keys.push(record.subarray(start, at), Buffer.of(key.length), Buffer.from(key, 'latin1'))
    }
  }
  return Buffer.concat([...parts, ...(keys.length > 0 ? keys : [record])])
}

/** The identities of these slots that the reader does not know yet, after the kind. */
function identitiesOf(bindings: Bindings, slots: readonly number[], told: Map<number, Identity>): Buffer {
  const parts: Buffer[] = []
  let count = 0
  for (const slot of slots) {
    const ordinal = bindings.rows.identity(slot)
    const identity = bindings.identities.of(ordinal)
    if (told.get(ordinal) === identity) continue
    told.set(ordinal, identity)
    const text = Buffer.from(identity, 'utf16le')
    const head = Buffer.alloc(8)
    head.writeUInt32LE(ordinal, 0)
    head.writeUInt32LE(text.length, 4)
    parts.push(head, text)
    count++
  }
  const head = Buffer.alloc(5)
  head[0] = KIND.bindings
  head.writeUInt32LE(count, 1)
  return Buffer.concat([head, ...parts])
}
